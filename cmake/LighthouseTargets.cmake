# SPDX-License-Identifier: Apache-2.0
#
# Two calls make a library: lighthouse_tablegen for its generated parts, lighthouse_component for its sources.

# lighthouse_tablegen(name.td out.inc -gen-x ... [more pairs]): adds the outputs to target lighthouse-headers.
function(lighthouse_tablegen td output)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${output} ${ARGN} -I${CMAKE_SOURCE_DIR})
  set(target "tblgen-${output}")
  string(REPLACE "/" "-" target ${target})
  add_custom_target(${target} DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${output})
  add_dependencies(lighthouse-headers ${target})
endfunction()

# lighthouse_component(name sources...): an object library that becomes part of liblighthouse.
function(lighthouse_component name)
  add_library(${name} OBJECT ${ARGN})
  add_dependencies(${name} lighthouse-headers)
  target_link_libraries(${name} PRIVATE lighthouse-options)
  set_property(GLOBAL APPEND PROPERTY LIGHTHOUSE_COMPONENTS ${name})
endfunction()

# lighthouse_use_pch(target): the target's units see MLIR through the shared precompiled header.
function(lighthouse_use_pch target)
  target_precompile_headers(${target} REUSE_FROM lighthouse-pch-mlir)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -fpch-instantiate-templates)
  endif()
endfunction()

# lighthouse_document(name.td page.md -gen-x-doc ...): the target lighthouse-docs writes docs/reference/page.md.
function(lighthouse_document td page)
  set(LLVM_TARGET_DEFINITIONS ${td})
  tablegen(MLIR ${page} ${ARGN} -I${CMAKE_SOURCE_DIR})
  string(REPLACE "." "-" target "docs-${page}")
  add_custom_target(${target}
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${CMAKE_CURRENT_BINARY_DIR}/${page} ${CMAKE_SOURCE_DIR}/docs/reference/${page}
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${page})
  add_dependencies(lighthouse-docs ${target})
endfunction()
