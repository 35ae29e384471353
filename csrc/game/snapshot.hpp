// A game as bytes and back, exactly, and its fingerprint.
//
// Layout, little endian: magic "QWOPSNAP", version (u32), sincos flavor (u8), length of the
// payload (u32), payload (each field of the game in order), 64-bit checksum of all that comes
// before it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "game/game.hpp"

namespace qwop::game {

inline constexpr std::uint32_t kSnapshotVersion = 1;

class SnapshotError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string snapshot(const Game& game);

// Throws SnapshotError, leaving the game as it was, when the bytes are no snapshot, come from
// another version or from a game with another sine, or are damaged.
void restore(Game& game, std::string_view bytes);

// The flavor a snapshot was taken with. Throws SnapshotError as restore does.
SinCosFlavor snapshot_flavor(std::string_view bytes);

// 64 bits over bytes: tells damage, not forgery.
std::uint64_t checksum(std::string_view bytes);

// 64 bits over every field of the game, its sincos flavor included.
std::uint64_t state_hash(const Game& game);

}  // namespace qwop::game
