#include "src/context.h"

#include "src/characters.h"

#include <algorithm>
#include <vector>

namespace hearth::privacy {

namespace {

enum class Match : std::uint8_t { whole, prefix };

struct Word {
  std::string_view text;  // lower case; of scripts without case and spaces, as it is
  Topic topic;
  Match match = Match::whole;
};

using enum Topic;
using enum Match;

// clang-format off
constexpr Word kWords[] = {
    {"phone", phone, prefix}, {"telephone", phone}, {"tel", phone}, {"telefon", phone, prefix}, {"telefoon", phone, prefix},
    {"téléphone", phone}, {"tél", phone}, {"teléfono", phone}, {"telefone", phone}, {"telefono", phone}, {"mobile", phone}, {"mobil", phone, prefix},
    {"móvil", phone}, {"celular", phone}, {"cell", phone}, {"cellphone", phone}, {"handy", phone, prefix}, {"portable", phone}, {"mob", phone},
    {"call me", phone}, {"call us", phone}, {"call at", phone}, {"call on", phone}, {"call him", phone}, {"call her", phone}, {"call them", phone},
    {"please call", phone}, {"calling", phone}, {"dial", phone}, {"ring me", phone}, {"ring us", phone}, {"ruf", phone}, {"anruf", phone, prefix},
    {"rufen", phone}, {"rufnummer", phone}, {"erreichbar", phone}, {"erreichen", phone}, {"festnetz", phone}, {"durchwahl", phone},
    {"fax", phone, prefix}, {"sms", phone}, {"whatsapp", phone}, {"hotline", phone}, {"reach me", phone}, {"reach us", phone},
    {"appelez", phone}, {"appeler", phone}, {"joindre", phone}, {"llama", phone}, {"llamar", phone}, {"llámame", phone}, {"ligar", phone},
    {"ligue", phone}, {"chiama", phone}, {"bel", phone}, {"zadzwoń", phone}, {"komórka", phone}, {"gsm", phone}, {"contact", phone},
    {"电话", phone}, {"手机", phone}, {"電話", phone}, {"手機", phone}, {"联系", phone}, {"聯絡", phone}, {"致电", phone}, {"拨打", phone}, {"打", phone}, {"拨", phone},
    {"座机", phone}, {"热线", phone}, {"微信", phone}, {"短信", phone}, {"携帯", phone}, {"телефон", phone, prefix}, {"Телефон", phone, prefix}, {"тел", phone}, {"Тел", phone},

    {"card", card, prefix}, {"visa", card}, {"mastercard", card}, {"amex", card}, {"unionpay", card}, {"maestro", card}, {"credit", card},
    {"debit", card}, {"cc", card}, {"pan", card}, {"cvv", card}, {"cvc", card}, {"kreditkarte", card, prefix}, {"karte", card, prefix}, {"kartennummer", card},
    {"carte", card}, {"tarjeta", card}, {"cartão", card}, {"carta", card}, {"karta", card}, {"kaart", card, prefix}, {"creditcard", card, prefix},
    {"银行卡", card}, {"信用卡", card}, {"卡号", card}, {"借记卡", card}, {"储蓄卡", card}, {"カード", card}, {"карта", card}, {"карты", card}, {"Карта", card},

    {"identity", identity}, {"national id", identity}, {"id number", identity}, {"id card", identity}, {"personal id", identity},
    {"ausweis", identity, prefix}, {"身份证", identity}, {"證件", identity}, {"证件", identity},

    {"ssn", us_ssn}, {"social security", us_ssn}, {"socialsecurity", us_ssn, prefix}, {"social_security", us_ssn}, {"ss#", us_ssn},
    {"steuer-id", de_tax_id}, {"steuerid", de_tax_id}, {"steuer", de_tax_id, prefix}, {"idnr", de_tax_id}, {"tin", de_tax_id}, {"tax", de_tax_id}, {"tax id", de_tax_id}, {"identifikationsnummer", de_tax_id},
    {"dni", es_id}, {"nif", es_id}, {"nie", es_id}, {"documento", es_id}, {"identidad", es_id}, {"spanish id", es_id},
    {"aadhaar", in_aadhaar}, {"aadhar", in_aadhaar}, {"adhaar", in_aadhaar}, {"uid", in_aadhaar}, {"uidai", in_aadhaar}, {"आधार", in_aadhaar},
    {"cpf", br_cpf}, {"cadastro", br_cpf}, {"bsn", nl_bsn}, {"burgerservicenummer", nl_bsn}, {"sofinummer", nl_bsn},
    {"pesel", pl_pesel}, {"nir", fr_nir}, {"sécu", fr_nir}, {"sécurité sociale", fr_nir}, {"insee", fr_nir},

    {"order", other_number, prefix}, {"invoice", other_number, prefix}, {"sku", other_number}, {"serial", other_number}, {"tracking", other_number},
    {"shipment", other_number}, {"parcel", other_number}, {"ticket", other_number}, {"isbn", other_number}, {"issn", other_number}, {"ean", other_number},
    {"gtin", other_number}, {"upc", other_number}, {"barcode", other_number}, {"imei", other_number}, {"imsi", other_number}, {"iccid", other_number},
    {"product", other_number, prefix}, {"article", other_number}, {"artikel", other_number, prefix}, {"part no", other_number}, {"part number", other_number}, {"item", other_number},
    {"batch", other_number}, {"lot no", other_number}, {"model", other_number}, {"version", other_number}, {"build", other_number}, {"commit", other_number},
    {"revision", other_number}, {"transaction", other_number}, {"reference", other_number}, {"ref", other_number}, {"case no", other_number}, {"case id", other_number}, {"case number", other_number},
    {"id", other_number}, {"ids", other_number}, {"ts", other_number}, {"timestamp", other_number}, {"epoch", other_number}, {"unix", other_number}, {"seed", other_number}, {"checksum", other_number}, {"hash", other_number}, {"uuid", other_number}, {"trace", other_number}, {"span", other_number}, {"request", other_number},
    {"bestell", other_number, prefix}, {"auftrag", other_number, prefix}, {"rechnung", other_number, prefix}, {"sendung", other_number, prefix}, {"paket", other_number, prefix},
    {"seriennummer", other_number}, {"vorgang", other_number, prefix}, {"kundennummer", other_number}, {"aktenzeichen", other_number},
    {"commande", other_number}, {"facture", other_number}, {"pedido", other_number}, {"factura", other_number}, {"zamówienie", other_number}, {"bestelling", other_number, prefix},
    {"订单", other_number}, {"单号", other_number}, {"编号", other_number}, {"流水", other_number}, {"序列号", other_number}, {"快递", other_number}, {"运单", other_number}, {"発注", other_number}, {"注文", other_number}, {"合同", other_number}, {"货号", other_number},
};
// clang-format on

using Table = std::array<std::vector<const Word*>, 256>;

// By first byte, longer words first: "id card" says more than "id".
const Table& table() {
  static const Table words = [] {
    Table made;
    for (const Word& word : kWords) made[byte(word.text.front())].push_back(&word);
    for (auto& list : made)
      std::ranges::sort(list, std::ranges::greater{}, [](const Word* word) { return word->text.size(); });
    return made;
  }();
  return words;
}

// Scripts that write words one after the other: anywhere in them a word may begin and end.
constexpr bool runs_on(char first_byte) noexcept {
  return byte(first_byte) >= 0xE3 && byte(first_byte) <= 0xE9;
}

// A word begins where no letter stands before, at camelCase's humps, and after '_'.
bool begins_word(std::string_view text, std::size_t i) noexcept {
  const char c = text[i];
  const char last = before(text, i);
  if (runs_on(c)) return true;
  if (is_letter(c)) return !is_alnum(last) || (is_upper(c) && is_lower(last));
  return byte(c) >= 0xC3 && !(is_alnum(last) || is_foreign_letter(last));
}

bool ends_word(std::string_view text, const Word& word, std::size_t end) noexcept {
  if (word.match == prefix || runs_on(word.text.front())) return true;
  const char next = at(text, end);
  constexpr std::size_t kShort = 3;  // these letters also stand in hashes
  if (word.text.size() <= kShort && is_digit(next)) return false;
  if (next == 's' && !is_letter(at(text, end + 1))) return true;  // plural
  return !(is_lower(next) || is_foreign_letter(next)) && !(is_upper(next) && is_upper(before(text, end)));
}

}  // namespace

void Context::look_at_key() {
  key_seen_ = true;
  before_.fill(kNever);
  std::string_view key = key_;
  if (key.size() > kOrigin) key.remove_prefix(key.size() - kOrigin);
  look(key, 0, key.size(), kOrigin - key.size(), before_);
  // "order_id", "id": a number of something, if nothing said of what.
  const bool id = key.size() >= 2 && begins_with(key.substr(key.size() - 2), "id");
  if (id && std::ranges::all_of(before_, [](std::size_t place) { return place == kNever; }))
    before_[static_cast<std::size_t>(other_number)] = kOrigin - 2;
}

void Context::look(std::string_view text, std::size_t from, std::size_t to, std::size_t origin, Seen& seen) {
  work_ += to - from;
  const Table& words = table();
  for (std::size_t i = from; i < to; ++i) {
    const auto& candidates = words[byte(to_lower(text[i]))];
    if (candidates.empty() || !begins_word(text, i)) continue;
    for (const Word* word : candidates) {
      if (!begins_with(text.substr(i), word->text) || !ends_word(text, *word, i + word->text.size())) continue;
      seen[static_cast<std::size_t>(word->topic)] = origin + i;
      i += word->text.size() - 1;
      break;
    }
  }
}

void Context::advance(std::size_t to) {
  if (!key_seen_) look_at_key();
  if (to <= scanned_) return;
  // Of what lies further back than anything asks, nothing has to be known.
  if (to - scanned_ > 2 * kReach) scanned_ = to - 2 * kReach;
  look(text_, scanned_, to, kOrigin, before_);
  scanned_ = to;
}

bool Context::after(Topic topic, std::size_t end) {
  if (after_at_ != end) {
    after_.fill(kNever);
    after_at_ = end;
    const std::size_t to = std::min(end + kReachAfter, text_.size());
    // Not past the sentence: what follows a full stop speaks of the next number.
    std::size_t stop = end;
    while (stop < to && text_[stop] != '\n' && text_[stop] != '.' && text_[stop] != ';' && text_[stop] != ',') ++stop;
    look(text_, end, stop, kOrigin, after_);
  }
  return after_[static_cast<std::size_t>(topic)] != kNever;
}

bool Context::speaks_of(Topic topic, std::size_t begin, std::size_t end) {
  advance(begin);
  const std::size_t place = before_[static_cast<std::size_t>(topic)];
  const std::size_t here = kOrigin + begin;
  if (place != kNever && place + kReach >= here) {
    const std::size_t other = before_[static_cast<std::size_t>(other_number)];
    if (topic == other_number || other == kNever || other < place) return true;
  }
  return after(topic, end);
}

// "See ticket 575. 4111 …": the ticket has got its number.
bool Context::is_spent(std::size_t mention, std::size_t begin) const {
  if (mention < kOrigin) return false;
  const std::string_view between = text_.substr(mention - kOrigin, begin - (mention - kOrigin));
  return std::ranges::any_of(between, is_digit) && between.find_first_of(".;\n") != std::string_view::npos;
}

bool Context::speaks_of_another_number(std::size_t begin, std::size_t end) {
  advance(begin);
  const std::size_t here = kOrigin + begin;
  const std::size_t other = before_[static_cast<std::size_t>(other_number)];
  if (other != kNever && other + kReach >= here) {
    const bool nearest =
        std::ranges::all_of(before_, [&](std::size_t place) { return place == kNever || place <= other; });
    if (nearest && !is_spent(other, begin)) return true;
  }
  return after(other_number, end);
}

}  // namespace hearth::privacy
