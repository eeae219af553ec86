# Writes OUTPUT, a C++ source with the texts of the shipped admission policies and kinds: what the controller holds the cluster's against.
# Run as a script: cmake -DOUTPUT=... -DINPUTS=a.yaml,b.yaml -P EmbedGuard.cmake
string(REPLACE "," ";" inputs "${INPUTS}")
set(texts "")
foreach(input IN LISTS inputs)
  file(READ ${input} text)
  string(APPEND texts "    R\"~~~(${text})~~~\",\n")
endforeach()
file(WRITE ${OUTPUT}.new
  "#include \"guard/objects.hpp\"\n\nnamespace curfew::guard {\n\nstd::vector<std::string_view> shipped_guard_yaml() {\n  return {\n${texts}  };\n}\n\n}  // namespace curfew::guard\n")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
