// Recordings of the real game as qwop_native/parity/trace.py stores them, without their whole rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace qwop::tests {

struct Trace {
  // The entries of the header and of its objects, by name, as they stand in its JSON.
  std::map<std::string, std::string> header;
  std::string tape;
  std::vector<std::uint64_t> digests;  // BLAKE2b of each row

  // An entry without its quotes, or `otherwise` where there is none.
  std::string entry(const std::string& name, const std::string& otherwise = "") const;
};

// Throws std::runtime_error for a file that cannot be read.
Trace read_trace(const std::filesystem::path& path);

}  // namespace qwop::tests
