// The one place where a download's connections come from, so that who decides about destinations can hand them out.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/egress/destination.h>

#include <cstdint>
#include <functional>
#include <string>

namespace hearth::egress {

class Gate;

// Opens a connection to a host and port. Must not block; `done` may be called on any thread, once. What it calls back
// may be gone by then for the caller, but is safe to call.
using Connected = std::function<void(Result<Fd>)>;
using Connect = std::function<void(std::string host, std::uint16_t port, Deadline deadline, Connected done)>;
// Through the gate, which outlives it.
Connect connect_through(Gate& gate, Purpose purpose, std::string who);

}  // namespace hearth::egress
