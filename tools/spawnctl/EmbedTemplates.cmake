# spawn_embed_templates(OUT folder): writes OUT, the source of template_files(), from every file below
# the folder. Done while configuring; a file that changes or comes makes CMake run again.
function(spawn_embed_templates out folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*)
  list(SORT files)
  set(entries)
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
    file(READ ${folder}/${file} text)
    string(APPEND entries "    {\"${file}\", R\"~~~(${text})~~~\"},\n")
  endforeach()
  list(LENGTH files count)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"// Made from tools/spawnctl/templates.
#include \"templates.hpp\"

#include <array>

namespace spawn::ctl {
namespace {

constexpr std::array<template_file, @count@> files = {{
@entries@}};

}  // namespace

std::span<const template_file> template_files() {
  return files;
}

}  // namespace spawn::ctl
")
endfunction()
