// SPDX-License-Identifier: Apache-2.0
#include "lighthouse_ops/Op.h"

int main(int argc, char **argv) { return lighthouse_opt_main(argc, argv); }
