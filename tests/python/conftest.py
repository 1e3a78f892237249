# SPDX-License-Identifier: Apache-2.0
"""Set-up of the Python tests: see session.py."""

from session import own_cache as own_cache
