// Unpacks what zlib has packed (RFC 1950 and 1951), so that the tests need no library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace qwop::tests {

// Throws std::runtime_error for data that is damaged or does not unpack to `size` bytes. The
// checksum at the end is not looked at.
std::string inflate(std::string_view packed, std::size_t size);

}  // namespace qwop::tests
