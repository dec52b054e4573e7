// Whatever numbers a broken or hostile model may give, for properties.
#pragma once

#include <rapidcheck.h>

#include <limits>
#include <vector>

namespace hearth::onnx::testing {

inline rc::Gen<float> any_number() {
  using Limits = std::numeric_limits<float>;
  return rc::gen::weightedOneOf<float>(
      {{8, rc::gen::map(rc::gen::inRange(-2000, 3000), [](int v) { return static_cast<float>(v) / 1000.0F; })},
       {1, rc::gen::element(Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), Limits::max(),
                            Limits::lowest(), Limits::denorm_min(), 0.0F, -0.0F, 1e9F)}});
}

inline std::vector<float> any_numbers(std::size_t count) {
  return *rc::gen::container<std::vector<float>>(count, any_number());
}

}  // namespace hearth::onnx::testing
