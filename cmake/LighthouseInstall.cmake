# SPDX-License-Identifier: Apache-2.0
#
# What is installed: the component "python" goes into a wheel, everything else under a prefix.

# In a wheel the library lies beside the binding, in the package's folder.
if(SKBUILD)
  set_target_properties(lighthouse _lighthouse PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS lighthouse _lighthouse LIBRARY DESTINATION lighthouse COMPONENT python)
  return()
endif()

include(GNUInstallDirs)
set_target_properties(lighthouse-cli lighthouse-opt PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS lighthouse LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS lighthouse-cli lighthouse-opt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# The public headers; the others of that folder are the library's own.
foreach(header Device.h Export.h Op.h Schedules.h Spec.h Tuning.h VarlenOp.h)
  install(FILES "${CMAKE_SOURCE_DIR}/lighthouse_ops/${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/lighthouse_ops")
endforeach()
