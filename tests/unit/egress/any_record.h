// Records of every kind, for property tests.
#pragma once

#include <hearth/core/ids.h>
#include <hearth/egress/record.h>

#include <rapidcheck.h>

namespace hearth::egress {

inline rc::Gen<std::string> any_text() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "Z", "9", "\"", "\\", "\n", std::string(1, '\0'), "\x1f", "\x7f", "é", "模", "\U0001F525", " ")),
      [](std::vector<std::string> parts) {
        std::string text;
        for (const std::string& part : parts)
          if (text.size() + part.size() <= kMaxText) text += part;
        return text;
      });
}

inline rc::Gen<WallTime> any_time() {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000),
                      [](std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); });
}

inline rc::Gen<std::uint64_t> any_number() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t n) { return n >> 1U; });
}

inline rc::Gen<DataClass> any_class() {
  return rc::gen::element(DataClass::open, DataClass::internal, DataClass::personal, DataClass::secret);
}

inline rc::Gen<Purpose> any_purpose() {
  return rc::gen::element(Purpose::provider, Purpose::lan, Purpose::pull, Purpose::pack, Purpose::webhook,
                          Purpose::mcp);
}

inline rc::Gen<Entry> any_entry() {
  const auto begin = rc::gen::exec([] {
    Begin b;
    b.time = *any_time();
    b.call = *any_text();
    b.who = *any_text();
    b.data_class = *any_class();
    b.rule = *any_text();
    b.purpose = *any_purpose();
    b.destination = *any_text();
    b.upstream = *any_text();
    b.model = *any_text();
    b.bytes = *any_number();
    if (*rc::gen::arbitrary<bool>()) b.sha256 = sha256_hex(b.call);
    return Entry(b);
  });
  const auto complete = rc::gen::exec([] {
    Complete c;
    c.begin = *any_number();
    c.time = *any_time();
    c.outcome = *rc::gen::element(Outcome::answered, Outcome::failed, Outcome::broken, Outcome::cancelled);
    c.status = *rc::gen::inRange<std::uint32_t>(0, 600);
    c.sent = *any_number();
    c.received = *any_number();
    c.tokens_in = *any_number();
    c.tokens_out = *any_number();
    return Entry(c);
  });
  const auto fold = rc::gen::exec([] {
    Fold f;
    f.time = *any_time();
    f.until = *any_number();
    f.last = leaf_hash(*any_text());
    f.first_call = *any_time();
    f.last_call = *any_time();
    const int sums = *rc::gen::inRange(0, 5);
    for (int i = 0; i < sums; ++i)
      f.sums.push_back({*any_class(), *any_text(), *any_purpose(), *any_text(), *any_number(), *any_number()});
    return Entry(f);
  });
  return rc::gen::oneOf(begin, complete, fold);
}

}  // namespace hearth::egress
