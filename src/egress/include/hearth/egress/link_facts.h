// What the kernel says of the box's lines, read from files: a process that may open no sockets can read them, too.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

// The interfaces that a default route leads over, of /proc/net/route and /proc/net/ipv6_route. Lines that are no
// routes, and routes that are down or refuse, are passed over.
std::vector<std::string> default_routes_v4(std::string_view text);
std::vector<std::string> default_routes_v6(std::string_view text);

// Is there a default route over an interface with a carrier? Reads a few small files below `root` ("/"). Where the
// kernel's files cannot be read at all there is nothing to say against it: true.
bool has_way_out(const std::filesystem::path& root);

}  // namespace hearth::egress
