# Read by llama.cpp's own project() through CMAKE_PROJECT_INCLUDE; acts after all of its targets exist.
# One file name per library: a wheel has no symbolic links, and a copy per name would be loaded twice.
function(launcher_one_name_per_library)
  foreach(name IN ITEMS llama ggml ggml-base ggml-cpu ggml-rpc ggml-blas ggml-cuda ggml-hip ggml-metal ggml-vulkan)
    if(TARGET ${name})
      set_property(TARGET ${name} PROPERTY VERSION)
      set_property(TARGET ${name} PROPERTY SOVERSION)
    endif()
  endforeach()
endfunction()
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  cmake_language(DEFER CALL launcher_one_name_per_library)
endif()
