// FFmpeg, poppler and libtiff talk to stderr and quote the files they read. Here their lines become lines of the
// engine's log: few, and without a byte of the input.
#pragma once

namespace hearth::media {

// Once, before the first request.
void bridge_library_logs();

}  // namespace hearth::media
