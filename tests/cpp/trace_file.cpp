#include "trace_file.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "inflate.hpp"

namespace qwop::tests {
namespace {

constexpr std::string_view kMagic{"QWOPTRC\0", 8};
constexpr std::uint32_t kVersion = 1;

class Reader {
 public:
  explicit Reader(std::string_view data) : data_(data) {}

  std::string_view take(std::size_t count) {
    if (count > data_.size()) throw std::runtime_error("it ends too early");
    const auto taken = data_.substr(0, count);
    data_.remove_prefix(count);
    return taken;
  }
  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    const auto taken = take(static_cast<std::size_t>(bytes));
    for (int i = 0; i < bytes; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(taken[i])} << (8 * i);
    }
    return value;
  }
  std::string section() {
    const auto size = length(), packed = length();
    return inflate(take(packed), size);
  }
  std::size_t length() { return static_cast<std::size_t>(number(4)); }

 private:
  std::string_view data_;
};

// One entry stands in each line, since json.dumps wrote it with an indent.
std::map<std::string, std::string> parse_header(std::string_view json) {
  std::map<std::string, std::string> entries;
  std::istringstream lines{std::string(json)};
  for (std::string line; std::getline(lines, line);) {
    const auto name = line.find('"'), colon = line.find("\": ");
    if (name == std::string::npos || colon == std::string::npos) continue;
    auto value = line.substr(colon + 3);
    if (value.ends_with(',')) value.pop_back();
    entries[line.substr(name + 1, colon - name - 1)] = value;
  }
  return entries;
}

Trace parse(std::string_view data) {
  Reader reader(data);
  if (reader.take(kMagic.size()) != kMagic) throw std::runtime_error("it is not a trace");
  if (reader.number(4) != kVersion) throw std::runtime_error("it is of another version");
  Trace trace;
  trace.header = parse_header(reader.take(reader.length()));
  trace.tape = reader.section();
  const auto digests = reader.section();
  Reader numbers(digests);
  for (std::size_t i = 0; i < digests.size() / 8; ++i) trace.digests.push_back(numbers.number(8));
  return trace;
}

}  // namespace

std::string Trace::entry(const std::string& name, const std::string& otherwise) const {
  const auto found = header.find(name);
  if (found == header.end()) return otherwise;
  const auto& value = found->second;
  return value.starts_with('"') ? value.substr(1, value.size() - 2) : value;
}

Trace read_trace(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(path.string() + " cannot be read");
  try {
    return parse(data);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path.string() + " is not a readable trace: " + error.what());
  }
}

}  // namespace qwop::tests
