#include "game/snapshot.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace qwop::game {
namespace {

static_assert(std::endian::native == std::endian::little, "snapshots are little endian");

constexpr std::string_view kMagic = "QWOPSNAP";
constexpr std::size_t kHeaderSize = 8 + 4 + 1 + 4;
constexpr std::size_t kChecksumSize = 8;

class Writer {
 public:
  template <class T>
  void operator()(const T& value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Takes the fields one after the other. No field of a game is ever infinite or not a number.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  void operator()(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    if (bytes_.size() < sizeof value) {
      sound_ = false;
      value = {};
      return;
    }
    if constexpr (std::is_same_v<T, bool>) {
      sound_ = sound_ && static_cast<unsigned char>(bytes_[0]) <= 1;
      value = bytes_[0] != 0;
    } else {
      std::memcpy(&value, bytes_.data(), sizeof value);
    }
    if constexpr (std::is_floating_point_v<T>) sound_ = sound_ && std::isfinite(value);
    bytes_.remove_prefix(sizeof value);
  }
  // Whether the bytes were exactly those of the fields taken.
  bool exhausted() const { return sound_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool sound_ = true;
};

// Eight bytes at a time: multiply to spread each bit upwards, shift to bring them down again.
class Hasher {
 public:
  template <class T>
  void operator()(const T& value) {
    static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8);
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    add(word);
  }
  void add(std::uint64_t word) {
    hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15u;
    hash_ ^= hash_ >> 32;
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

// An archive visits fields as lvalues; writing and hashing only read them.
Game& visitable(const Game& game) { return const_cast<Game&>(game); }

struct Header {
  std::uint32_t version;
  std::uint8_t flavor;
  std::uint32_t payload_size;
};

// Checks everything around the payload and returns what it announces.
Header checked_header(std::string_view bytes) {
  if (bytes.size() < kHeaderSize + kChecksumSize || bytes.substr(0, 8) != kMagic) {
    throw SnapshotError("not a snapshot of a game: expected bytes made by Game.snapshot()");
  }
  Header header{};
  Reader reader(bytes.substr(8));
  reader(header.version), reader(header.flavor), reader(header.payload_size);
  if (header.version != kSnapshotVersion) {
    throw SnapshotError("snapshot has version " + std::to_string(header.version) +
                        ", this build reads version " + std::to_string(kSnapshotVersion));
  }
  std::uint64_t stored;
  std::memcpy(&stored, bytes.data() + bytes.size() - kChecksumSize, kChecksumSize);
  const std::size_t whole = kHeaderSize + header.payload_size + kChecksumSize;
  if (bytes.size() > whole) {
    throw SnapshotError("snapshot is damaged, or not a game's: " + std::to_string(whole) +
                        " bytes were expected, got " + std::to_string(bytes.size()) +
                        "; what an environment's snapshot() gives goes to its restore()");
  }
  if (bytes.size() < whole || stored != checksum(bytes.substr(0, bytes.size() - kChecksumSize)) ||
      header.flavor >= kSinCosFlavors) {
    throw SnapshotError("snapshot is damaged: its bytes do not match its checksum");
  }
  return header;
}

}  // namespace

std::uint64_t checksum(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes.size());
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hasher.add(word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  hasher.add(rest);
  return hasher.value();
}

std::string snapshot(const Game& game) {
  Writer body;
  visitable(game).serialize(body);
  const std::string payload = body.take();
  Writer writer;
  for (const char c : kMagic) writer(c);
  writer(kSnapshotVersion);
  writer(static_cast<std::uint8_t>(game.flavor()));
  writer(static_cast<std::uint32_t>(payload.size()));
  std::string bytes = writer.take() + payload;
  const std::uint64_t sum = checksum(bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return bytes;
}

SinCosFlavor snapshot_flavor(std::string_view bytes) {
  return static_cast<SinCosFlavor>(checked_header(bytes).flavor);
}

void restore(Game& game, std::string_view bytes) {
  const auto flavor = snapshot_flavor(bytes);
  if (flavor != game.flavor()) {
    throw SnapshotError("snapshot was taken with sincos='" + std::string(to_string(flavor)) +
                        "', this game has sincos='" + std::string(to_string(game.flavor())) + "'");
  }
  Game restored(flavor);
  Reader reader(bytes.substr(kHeaderSize, bytes.size() - kHeaderSize - kChecksumSize));
  restored.serialize(reader);
  if (!reader.exhausted() || !restored.valid()) {
    throw SnapshotError("snapshot is damaged: it does not describe a game");
  }
  restored.world().data().tree.derive();
  game = restored;
}

std::uint64_t state_hash(const Game& game) {
  Hasher hasher;
  hasher(static_cast<std::uint8_t>(game.flavor()));
  visitable(game).serialize(hasher);
  return hasher.value();
}

}  // namespace qwop::game
