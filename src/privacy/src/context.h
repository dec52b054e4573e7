// What is spoken of around a place in a text: "card number", "Telefon", "密码", "order". Numbers without check digits
// are believed only where something says what they are.
//
// Words are looked up once as the scan passes them, so asking costs a fixed time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hearth::privacy {

enum class Topic : std::uint8_t {
  phone,
  card,
  identity,  // of no particular country
  us_ssn,
  de_tax_id,
  es_id,
  in_aadhaar,
  br_cpf,
  nl_bsn,
  pl_pesel,
  fr_nir,
  other_number,  // of an order, an article, a version: what looks like a number of a person's and is none
};
inline constexpr std::size_t kTopics = 12;

class Context {
 public:
  // `key` counts as standing directly before the text.
  Context(std::string_view text, std::string_view key) : text_(text), key_(key) {}

  // Whether `topic` is spoken of within kReach bytes before `begin` (and nothing else of a number is nearer), or right
  // after `end`.
  [[nodiscard]] bool speaks_of(Topic topic, std::size_t begin, std::size_t end);
  // Whether the nearest topic before `begin` (or right after `end`) is some other number.
  [[nodiscard]] bool speaks_of_another_number(std::size_t begin, std::size_t end);
  [[nodiscard]] std::size_t work() const noexcept { return work_; }

 private:
  static constexpr std::size_t kReach = 56;
  static constexpr std::size_t kReachAfter = 24;
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);
  using Seen = std::array<std::size_t, kTopics>;  // where each topic was last spoken of, counted from kOrigin

  void look_at_key();
  void advance(std::size_t to);
  void look(std::string_view text, std::size_t from, std::size_t to, std::size_t origin, Seen& seen);
  [[nodiscard]] bool after(Topic topic, std::size_t end);
  [[nodiscard]] bool is_spent(std::size_t mention, std::size_t begin) const;

  // Places are counted from here, so that the key has places before the text.
  static constexpr std::size_t kOrigin = 64;
  std::string_view text_;
  std::string_view key_;
  bool key_seen_ = false;  // seldom asked for
  std::size_t scanned_ = 0;
  Seen before_{};
  std::size_t after_at_ = kNever;
  Seen after_{};
  std::size_t work_ = 0;
};

}  // namespace hearth::privacy
