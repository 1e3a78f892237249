# SPDX-License-Identifier: Apache-2.0
"""Lighthouse in other libraries. Each module here imports its library, so import the one you need."""
