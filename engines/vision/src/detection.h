// What is found in a frame. Boxes are the frame's pixels, half open.
#pragma once

#include <string_view>
#include <vector>

namespace hearth::vision {

enum class Label { person, face };

struct Box {
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

struct Detection {
  Label label = Label::person;
  double score = 0;  // 0 to 1: about how often such a find is right
  Box box;
};

inline std::string_view name_of(Label label) {
  return label == Label::person ? "person" : "face";
}

// Area in common over the smaller one's area: 1 when one lies within the other.
double overlap(const Box& a, const Box& b);

// A window a detector answered at, before those around one thing are joined.
struct Window {
  Box box;
  double weight = 0;  // the detector's margin
};

// Keeps the strongest window of each heap; `support` counts the windows it stands for, itself included.
struct Peak {
  Window window;
  int support = 1;
};
std::vector<Peak> strongest(std::vector<Window> windows, double most_overlap);

// The box within a frame of width × height; empty boxes become one pixel.
Box clipped(const Box& box, int width, int height);

}  // namespace hearth::vision
