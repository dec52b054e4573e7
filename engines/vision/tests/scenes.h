// Frames to look at: a figure drawn at test time, and the pictures of Debian's opencv-doc.
#pragma once

#include <hearth/kit/frames.h>

#include <string>
#include <vector>

namespace hearth::vision::testing {

kit::Frame blank(std::uint32_t width, std::uint32_t height, unsigned char value, std::uint32_t channels = 3);
// A standing figure, 150 pixels high, its middle at x; the rest is ground.
kit::Frame figure(std::uint32_t width, std::uint32_t height, int x, int top);

// Of opencv-doc's sample data, as RGB; empty pixels when it is not there.
kit::Frame sample_picture(const std::string& name);
// The frames of vtest.avi with these numbers (rising).
std::vector<kit::Frame> street(const std::vector<int>& numbers);

}  // namespace hearth::vision::testing
