# SPDX-License-Identifier: Apache-2.0
#
# Finds LLVM and MLIR 22 and makes their exported targets fit for static linking.

find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "expects LLVM 22, but got ${LLVM_VERSION} at ${LLVM_DIR}; set LLVM_DIR and MLIR_DIR to those of LLVM 22")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# Debian's exported targets name the shared LLVM as well. Linked beside the archives, every command line option of LLVM
# would register twice and abort at start.
function(lighthouse_drop_shared_llvm)
  get_property(imported DIRECTORY "${CMAKE_SOURCE_DIR}" PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS imported)
    get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    if(libraries)
      list(FILTER libraries EXCLUDE REGEX "^(LLVM|MLIR)$|z3|Z3|LINK_ONLY:(LLVM|MLIR)>")
      set_property(TARGET ${target} PROPERTY INTERFACE_LINK_LIBRARIES "${libraries}")
    endif()
  endforeach()
endfunction()
lighthouse_drop_shared_llvm()

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${llvm_definitions})
