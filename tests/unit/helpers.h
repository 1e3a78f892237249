// SPDX-License-Identifier: Apache-2.0
//
// What tests of exceptions and of other processes share.
#pragma once

#include <string>
#include <unistd.h>

/// The message of the exception that body() throws, or "none".
template <typename Exception, typename Body> std::string thrown(const Body &body) {
  try {
    body();
  } catch (const Exception &error) {
    return error.what();
  }
  return "none";
}

/// All that comes out of a pipe until its last writer closes it. Closes this end.
inline std::string readAll(int file) {
  std::string said;
  char buffer[512];
  for (ssize_t got; (got = read(file, buffer, sizeof(buffer))) > 0;)
    said.append(buffer, got);
  close(file);
  return said;
}
