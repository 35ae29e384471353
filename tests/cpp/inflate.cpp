#include "inflate.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace qwop::tests {
namespace {

constexpr int kLongestCode = 15;
constexpr int kEndOfBlock = 256;

[[noreturn]] void damaged() { throw std::runtime_error("a section cannot be unpacked"); }

// Bits from the lowest of each byte on.
class BitReader {
 public:
  explicit BitReader(std::string_view data) : data_(data) {}

  int bits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) value |= bit() << i;
    return value;
  }
  int bit() {
    if (at_ >= data_.size() * 8) damaged();
    const auto byte = static_cast<unsigned char>(data_[at_ / 8]);
    return byte >> (at_++ % 8) & 1;
  }
  std::string_view aligned_bytes(std::size_t count) {
    const std::size_t from = (at_ + 7) / 8;
    if (from + count > data_.size()) damaged();
    at_ = (from + count) * 8;
    return data_.substr(from, count);
  }

 private:
  std::string_view data_;
  std::size_t at_ = 0;  // bits
};

// A canonical Huffman code, given by the length of each symbol's code; 0 for unused symbols.
class Code {
 public:
  explicit Code(std::span<const std::uint8_t> lengths) {
    for (const auto length : lengths) ++count_[length];
    count_[0] = 0;
    std::array<int, kLongestCode + 2> offset{};
    for (int n = 1; n <= kLongestCode; ++n) offset[n + 1] = offset[n] + count_[n];
    symbols_.resize(lengths.size());
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      if (lengths[i] != 0) symbols_[offset[lengths[i]]++] = static_cast<int>(i);
    }
  }

  int next(BitReader& reader) const {
    int code = 0, first = 0, index = 0;
    for (int length = 1; length <= kLongestCode; ++length) {
      code |= reader.bit();
      if (code - first < count_[length]) return symbols_[index + code - first];
      index += count_[length];
      first = (first + count_[length]) << 1;
      code <<= 1;
    }
    damaged();
  }

 private:
  std::array<int, kLongestCode + 1> count_{};
  std::vector<int> symbols_;
};

struct Range {
  int base, extra_bits;
};

// Symbols from 257 on stand for lengths of copies, in groups of four that double.
Range length_of(int symbol) {
  if (symbol == 285) return {258, 0};
  if (symbol < 257 || symbol > 285) damaged();
  const int i = symbol - 257;
  if (i < 8) return {3 + i, 0};
  const int extra = i / 4 - 1;
  return {3 + ((4 + i % 4) << extra), extra};
}
Range distance_of(int symbol) {
  if (symbol > 29) damaged();
  if (symbol < 4) return {1 + symbol, 0};
  const int extra = symbol / 2 - 1;
  return {1 + ((2 + symbol % 2) << extra), extra};
}
int drawn(Range range, BitReader& reader) { return range.base + reader.bits(range.extra_bits); }

void unpack_block(BitReader& reader, const Code& literals, const Code& distances,
                  std::string& out) {
  for (;;) {
    const int symbol = literals.next(reader);
    if (symbol == kEndOfBlock) return;
    if (symbol < kEndOfBlock) {
      out.push_back(static_cast<char>(symbol));
      continue;
    }
    const int length = drawn(length_of(symbol), reader);
    const auto back = static_cast<std::size_t>(drawn(distance_of(distances.next(reader)), reader));
    if (back > out.size()) damaged();
    for (int i = 0; i < length; ++i) out.push_back(out[out.size() - back]);
  }
}

void unpack_fixed(BitReader& reader, std::string& out) {
  std::array<std::uint8_t, 288> literals;
  std::fill(literals.begin(), literals.begin() + 144, 8);
  std::fill(literals.begin() + 144, literals.begin() + 256, 9);
  std::fill(literals.begin() + 256, literals.begin() + 280, 7);
  std::fill(literals.begin() + 280, literals.end(), 8);
  std::array<std::uint8_t, 30> distances;
  distances.fill(5);
  unpack_block(reader, Code(literals), Code(distances), out);
}

// The lengths of both codes are themselves packed with a code.
void unpack_dynamic(BitReader& reader, std::string& out) {
  constexpr std::array kOrder = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  const auto literals = static_cast<std::size_t>(reader.bits(5) + 257);
  const auto distances = static_cast<std::size_t>(reader.bits(5) + 1);
  const int orders = reader.bits(4) + 4;
  std::array<std::uint8_t, kOrder.size()> code_lengths{};
  for (int i = 0; i < orders; ++i) {
    code_lengths[kOrder[i]] = static_cast<std::uint8_t>(reader.bits(3));
  }
  const Code code(code_lengths);
  std::vector<std::uint8_t> lengths;
  const auto repeat = [&](std::uint8_t value, int times) {
    lengths.insert(lengths.end(), times, value);
  };
  while (lengths.size() < literals + distances) {
    const int symbol = code.next(reader);
    if (symbol == 16 && lengths.empty()) damaged();
    if (symbol < 16) lengths.push_back(static_cast<std::uint8_t>(symbol));
    if (symbol == 16) repeat(lengths.back(), 3 + reader.bits(2));
    if (symbol == 17) repeat(0, 3 + reader.bits(3));
    if (symbol == 18) repeat(0, 11 + reader.bits(7));
  }
  const std::span all(lengths);
  unpack_block(reader, Code(all.first(literals)), Code(all.subspan(literals, distances)), out);
}

void unpack_stored(BitReader& reader, std::string& out) {
  const auto sizes = reader.aligned_bytes(4);
  const auto byte = [&](int i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(sizes[i]));
  };
  out += reader.aligned_bytes(byte(0) | byte(1) << 8);
}

}  // namespace

std::string inflate(std::string_view packed, std::size_t size) {
  if (packed.size() < 2) damaged();
  BitReader reader(packed.substr(2));
  std::string out;
  out.reserve(size);
  for (bool last = false; !last;) {
    last = reader.bit() != 0;
    switch (reader.bits(2)) {
      case 0:
        unpack_stored(reader, out);
        break;
      case 1:
        unpack_fixed(reader, out);
        break;
      case 2:
        unpack_dynamic(reader, out);
        break;
      default:
        damaged();
    }
    if (out.size() > size) damaged();
  }
  if (out.size() != size) damaged();
  return out;
}

}  // namespace qwop::tests
