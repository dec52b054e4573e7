#include "src/characters.h"
#include "src/checksums.h"
#include "src/numbers.h"

namespace hearth::privacy {

namespace {

Hit hit(const Piece& piece, std::string_view what, Evidence evidence = Evidence::checksum) {
  return {piece.begin, piece.end, Kind::national_id, evidence, what};
}

bool spoken_of(Source& source, const Piece& piece, Topic country) {
  return source.context.speaks_of(country, piece.begin, piece.end) ||
         source.context.speaks_of(Topic::identity, piece.begin, piece.end);
}

std::optional<Hit> match_resident_id(const Source& source, const Piece& piece) {
  const std::string_view digits = piece.digits();
  if (piece.groups > 1 && piece.shape() != "684" && piece.shape() != "683") return std::nullopt;
  if (piece.begins == Edge::glued) return std::nullopt;
  if (digits.size() == 18) {
    if (piece.ends == Edge::glued || !is_cn_resident_id(digits)) return std::nullopt;
    return hit(piece, "cn_resident_id");
  }
  if (to_upper(at(source.text, piece.end)) != 'X' || edge_after(source.text, piece.end + 1) == Edge::glued)
    return std::nullopt;
  std::array<char, 18> id{};
  digits.copy(id.data(), digits.size());
  id.back() = 'X';
  if (!is_cn_resident_id({id.data(), id.size()})) return std::nullopt;
  Hit found = hit(piece, "cn_resident_id");
  ++found.end;
  return found;
}

std::optional<Hit> match_eleven(Source& source, const Piece& piece) {
  const std::string_view digits = piece.digits();
  const std::string_view shape = piece.shape();
  const bool one = piece.groups == 1;
  if (shape == "3332" && source.text[piece.end - 3] == '-' && is_br_cpf(digits)) return hit(piece, "br_cpf");
  if (one && is_br_cpf(digits) && spoken_of(source, piece, Topic::br_cpf)) return hit(piece, "br_cpf");
  if (shape == "2333" && piece.separator == ' ' && piece.stands_alone() && is_de_tax_id(digits))
    return hit(piece, "de_tax_id");
  if (one && is_de_tax_id(digits) && spoken_of(source, piece, Topic::de_tax_id)) return hit(piece, "de_tax_id");
  if (one && is_pl_pesel(digits) && spoken_of(source, piece, Topic::pl_pesel)) return hit(piece, "pl_pesel");
  return std::nullopt;
}

std::optional<Hit> match_nine(Source& source, const Piece& piece) {
  const std::string_view digits = piece.digits();
  const std::string_view shape = piece.shape();
  const bool one = piece.groups == 1;
  if ((one || (shape == "324" && (piece.separator == '-' || piece.separator == ' '))) && is_us_ssn(digits) &&
      source.context.speaks_of(Topic::us_ssn, piece.begin, piece.end))
    return hit(piece, "us_ssn", Evidence::context);
  if ((one || shape == "423" || shape == "333") && is_nl_bsn(digits) && spoken_of(source, piece, Topic::nl_bsn))
    return hit(piece, "nl_bsn");
  return std::nullopt;
}

std::optional<Hit> match_nir(Source& source, const Piece& piece) {
  const std::string_view digits = piece.digits();
  const bool one = piece.groups == 1;
  if ((!one && piece.shape() != "1222332" && piece.shape() != "D2") || !is_fr_nir(digits)) return std::nullopt;
  if (spoken_of(source, piece, Topic::fr_nir)) return hit(piece, "fr_nir");
  // American Express's cards have fifteen digits, too.
  const bool card = one && (digits.starts_with("34") || digits.starts_with("37")) && luhn(digits);
  if (card || !piece.stands_alone() || source.context.speaks_of_another_number(piece.begin, piece.end))
    return std::nullopt;
  return hit(piece, "fr_nir");
}

}  // namespace

std::optional<Hit> match_national_id(Source& source, const Piece& piece) {
  const std::string_view digits = piece.digits();
  if (digits.size() == 17 || digits.size() == 18) return match_resident_id(source, piece);
  if (piece.glued()) return std::nullopt;
  switch (digits.size()) {
    case 9:
      return match_nine(source, piece);
    case 11:
      return match_eleven(source, piece);
    case 12:
      if ((piece.groups == 1 || piece.shape() == "444") && is_in_aadhaar(digits) &&
          spoken_of(source, piece, Topic::in_aadhaar))
        return hit(piece, "in_aadhaar");
      return std::nullopt;
    case 15:
      return match_nir(source, piece);
    default:
      return std::nullopt;
  }
}

std::optional<Hit> match_es_id(Source& source, const Piece& piece) {
  const std::string_view text = source.text;
  const std::string_view digits = piece.digits();
  std::array<char, 9> id{};
  std::size_t begin = piece.begin;
  if (digits.size() == 8 && (piece.groups == 1 || piece.shape() == "233")) {
    if (piece.begins == Edge::glued) return std::nullopt;
    digits.copy(id.data(), 8);
  } else if (digits.size() == 7 && piece.groups == 1) {
    begin -= begin > 0 && text[begin - 1] == '-' ? 2U : 1U;
    if (begin >= piece.begin || begin < source.taken || edge_before(text, begin) == Edge::glued) return std::nullopt;
    id[0] = to_upper(text[begin]);
    digits.copy(id.data() + 1, 7);
  } else {
    return std::nullopt;
  }
  std::size_t end = piece.end;
  if (at(text, end) == '-' || at(text, end) == ' ') ++end;
  if (!is_letter(at(text, end)) || edge_after(text, end + 1) == Edge::glued) return std::nullopt;
  id[8] = to_upper(text[end]);
  if (!is_es_id({id.data(), id.size()})) return std::nullopt;
  if (!spoken_of(source, piece, Topic::es_id)) return std::nullopt;
  return Hit{begin, end + 1, Kind::national_id, Evidence::checksum, digits.size() == 8 ? "es_dni" : "es_nie"};
}

std::optional<Hit> match_it_tax_code(Source& source, std::size_t digit) {
  constexpr std::size_t kLength = 16;
  const std::string_view text = source.text;
  // Where omocodia puts letters in the place of the year, the first digit comes later; those are left out.
  if (digit < 6) return std::nullopt;
  const std::size_t begin = digit - 6;
  if (begin < source.taken || begin + kLength > text.size() || !is_letter(text[begin])) return std::nullopt;
  if (edge_before(text, begin) == Edge::glued || edge_after(text, begin + kLength) == Edge::glued) return std::nullopt;
  std::array<char, kLength> code{};
  for (std::size_t i = 0; i < kLength; ++i) code[i] = to_upper(text[begin + i]);
  source.work += kLength;
  for (const char c : code)
    if (!is_alnum(c)) return std::nullopt;
  if (!is_it_tax_code({code.data(), code.size()})) return std::nullopt;
  return Hit{begin, begin + kLength, Kind::national_id, Evidence::checksum, "it_tax_code"};
}

}  // namespace hearth::privacy
