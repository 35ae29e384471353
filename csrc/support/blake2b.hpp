// BLAKE2b (RFC 7693) without a key, with 8 bytes of output: the digest that recordings keep.
#pragma once

#include <cstdint>
#include <string_view>

namespace qwop::support {

std::uint64_t blake2b_64(std::string_view bytes);

}  // namespace qwop::support
