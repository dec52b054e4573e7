#include "labelled_texts.h"

#include "values.h"

#include <string_view>
#include <utility>

namespace hearth::labelled {

namespace {

struct Slot {
  std::string_view name;
  std::string_view kind;  // empty: nothing to be found
  std::string (*make)(Random&);
};

std::string number_of_order(Random& random) {
  return random.digits(static_cast<std::size_t>(random.between(8, 16)));
}
std::string date_of_day(Random& random) {
  return std::to_string(random.between(1990, 2026)) + "-0" + std::to_string(random.between(1, 9)) + "-1" +
         std::to_string(random.between(0, 9));
}
std::string small_number(Random& random) {
  return std::to_string(random.between(1, 999));
}

constexpr Slot kSlots[] = {{"email", "email", email},
                           {"abroad", "phone", phone_abroad},
                           {"us", "phone", phone_us},
                           {"cn", "phone", phone_cn},
                           {"de", "phone", phone_de},
                           {"fr", "phone", phone_fr},
                           {"gb", "phone", phone_gb},
                           {"es", "phone", phone_es},
                           {"in", "phone", phone_in},
                           {"br", "phone", phone_br},
                           {"jp", "phone", phone_jp},
                           {"card", "card", card},
                           {"unionpay", "card", card_unionpay},
                           {"iban", "iban", iban},
                           {"id_cn", "national_id", id_cn},
                           {"id_us", "national_id", id_us},
                           {"id_de", "national_id", id_de},
                           {"id_es", "national_id", id_es},
                           {"id_it", "national_id", id_it},
                           {"id_in", "national_id", id_in},
                           {"id_br", "national_id", id_br},
                           {"id_nl", "national_id", id_nl},
                           {"id_pl", "national_id", id_pl},
                           {"id_fr", "national_id", id_fr},
                           {"pem", "private_key", private_key},
                           {"key", "api_key", api_key},
                           {"opaque", "api_key", opaque_key},
                           {"password", "password", password},
                           {"weak", "password", weak_password},
                           {"userinfo", "password", url_credentials},
                           {"name", "", name},
                           {"word", "", word},
                           {"uuid", "", uuid},
                           {"hash", "", hash},
                           {"luhn", "", luhn_number},
                           {"order", "", number_of_order},
                           {"date", "", date_of_day},
                           {"n", "", small_number}};

// What people, forms and programs write. Each group is drawn with the same chance.
const std::vector<std::vector<std::string_view>>& templates() {
  static const std::vector<std::vector<std::string_view>> groups{
      // e-mail
      {"Please forward the minutes to {email} before Friday.", "Cc: {name} <{email}>; {email}",
       "Contact: mailto:{email}?subject=Hello", "{name}, {email}, {date}, {word}",
       "Schick die Unterlagen bitte an {email}, danke!", "请把合同发到{email}，谢谢。",
       "Écrivez-moi à {email} pour plus de détails.",
       "{\"user\":{\"name\":\"{name}\",\"mail\":\"{email}\"},\"age\":{n}}",
       "From: {email}\nTo: {email}\nSubject: {word}\n\nHi {name}", "Mi correo es {email}.", "author = {name} <{email}>",
       "INSERT INTO users VALUES ({n}, '{name}', '{email}');"},
      // phone, abroad
      {"You can reach {name} under {abroad} all day.", "WhatsApp: {abroad}", "Hotel front desk {abroad}, room {n}",
       "电话：{abroad}", "Mobil {abroad} oder per Mail", "tel:{abroad}", "{name};{abroad};{date}",
       "Call {abroad} or write to {email}.", "<a href=\"tel:{abroad}\">{word}</a>", "Mon numéro : {abroad}"},
      // phone, at home
      {"My cell is {us}, text me.",
       "Call me at {us} after {n} pm",
       "Phone: {us}",
       "{name} ({us}) will pick it up",
       "我的手机号是{cn}",
       "联系电话：{cn}，{name}",
       "请拨打{cn}咨询",
       "快递放门口，有事打{cn}谢谢",
       "Telefon: {de}",
       "Ruf mich unter {de} an.",
       "Handy {de}, {name}",
       "Fax {de}",
       "Mon portable c'est le {fr}",
       "Tél. : {fr}",
       "Vous pouvez me joindre au {fr}.",
       "Ring me on {gb} please",
       "Mobile: {gb}",
       "Mi teléfono es {es}",
       "Llámame al {es}",
       "My mobile number is {in}",
       "Contact no. {in}",
       "Celular: {br}",
       "WhatsApp {br}",
       "携帯は{jp}です",
       "電話 {jp}",
       "{\"phone\": \"{us}\"}",
       "{\"mobile\":\"{cn}\"}",
       "phone_number={us}"},
      // card
      {"My card is {card}, expires 09/27.", "Please charge {card} CVV {n}", "Kreditkarte: {card}", "card_number={card}",
       "{\"pan\":\"{card}\",\"exp\":\"12/28\"}", "我的银行卡号是{unionpay}", "卡号：{unionpay}，户名{name}",
       "Numéro de carte : {card}", "Booked with {card} in the name of {name}", "{card}",
       "Order {n}: paid with Visa {card}", "tarjeta {card}", "{name}\t{card}\t{date}", "转账到{unionpay}就行"},
      // IBAN
      {"Please transfer to {iban}, reference {n}.", "IBAN: {iban}", "Kontoverbindung {iban} bei der Sparkasse",
       "{\"iban\":\"{iban}\"}", "Virement sur {iban} merci", "{iban}", "account {iban} ({name})", "收款账户 {iban}"},
      // national numbers
      {"身份证号：{id_cn}",
       "{name}的身份证是{id_cn}，请核对",
       "ID {id_cn}",
       "{\"idcard\":\"{id_cn}\"}",
       "My SSN is {id_us}.",
       "Social Security Number: {id_us}",
       "ssn={id_us}",
       "Meine Steuer-ID lautet {id_de}.",
       "Steuerliche Identifikationsnummer: {id_de}",
       "IdNr {id_de}",
       "Mi DNI es {id_es}",
       "NIF: {id_es}",
       "DNI/NIE {id_es}, {name}",
       "Codice fiscale: {id_it}",
       "{name}, {id_it}",
       "CF {id_it}",
       "Aadhaar number {id_in}",
       "My Aadhaar is {id_in}",
       "CPF: {id_br}",
       "Meu CPF é {id_br}",
       "BSN {id_nl}",
       "Mijn BSN is {id_nl}",
       "PESEL: {id_pl}",
       "Mój PESEL to {id_pl}",
       "Numéro de sécurité sociale : {id_fr}",
       "NIR {id_fr}",
       "N° sécu {id_fr}"},
      // private keys
      {"Here is the key:\n{pem}\n", "{pem}", "ssh_key: |\n{pem}\nuser: {name}", "cat id_rsa\n{pem}\n$ exit"},
      // keys with a beginning
      {"OPENAI_API_KEY={key}", "export TOKEN={key}", "client = Client(\"{key}\")", "my token {key} does not work",
       "curl -H 'Authorization: Bearer {key}' https://api.example.org", "key: {key}", "{\"credentials\":\"{key}\"}",
       "用这个密钥 {key} 试试", "git clone https://{name}:x@host/{word}.git # {key}"},
      // keys without
      {"API_KEY={opaque}", "api_key: \"{opaque}\"", "X-Api-Key: {opaque}", "Authorization: Bearer {opaque}",
       "{\"client_secret\":\"{opaque}\"}", "access token = {opaque}", "secret: {opaque}",
       "\"authToken\": \"{opaque}\",", "aws_secret_access_key = {opaque}"},
      // passwords
      {"password: {password}",
       "DB_PASSWORD={password}",
       "password = \"{password}\"",
       "{\"username\":\"{name}\",\"password\":\"{password}\"}",
       "The password is {password}",
       "my password is {password}, don't tell",
       "Das Passwort lautet {password}",
       "Passwort: {password}",
       "密码：{password}",
       "密码是{password}",
       "wifi password: {password}",
       "mot de passe : {password}",
       "contraseña: {password}",
       "pwd={password};",
       "mysql --user={name} --password={password} {word}",
       "postgres://{userinfo}@db.example.org:5432/{word}",
       "redis://{userinfo}@10.0.0.{n}/0",
       "jdbc:sqlserver://x;user=sa;password={password};",
       "passwd: '{password}'",
       "password: {weak}",
       "the password is {weak}",
       "password = '{weak}'"}};
  return groups;
}

const std::vector<std::string_view>& decoys() {
  static const std::vector<std::string_view> texts{
      "request_id={uuid} status=200 duration={n}ms",
      "commit {hash}\nAuthor: {name}\nDate: {date}",
      "Order number {order} was shipped on {date}.",
      "Bestellnummer {order}, Rechnung {order}",
      "订单号：{order}，快递单号{order}",
      "SKU {luhn} is out of stock",
      "product code: {luhn}",
      "Artikelnummer {luhn}",
      "serial {luhn}",
      "tracking {luhn}",
      "order_id: {luhn}",
      "货号{luhn}",
      "invoice {luhn} due {date}",
      "Upgrade {word}@{n}.{n}.{n} to {word}@^{n}.0.0",
      "git@github.com:{name}/{word}.git",
      "1700{order}",
      "ts={order} level=info msg=\"{word} {word}\"",
      "v{n}.{n}.{n}-rc.{n}+{hash}",
      "{\"lat\": 48.85{order}, \"lon\": -122.41{order}}",
      "sha256:{hash}",
      "etag: \"{hash}\"",
      "if (password.length < {n}) throw new Error('password too short');",
      "password = getpass.getpass()",
      "const token = await getToken();",
      "self.password = config.password",
      "max_tokens: {n}, temperature: 0.{n}",
      "export class {word}Token extends Token { }",
      "The password must have at least {n} characters.",
      "def reset_password(user: User, token: str) -> None:",
      "SELECT id, email, phone FROM users WHERE id = {n};",
      "@Override\npublic int hashCode() { return {n}; }",
      "#{n}: {word} @ {n}.{n}",
      "192.168.{n}.{n}:8080",
      "00:1a:{n}:ff",
      "{date}T12:{n}:00Z",
      "pi = 3.14159265358979, e = 2.71828182845904",
      "ISBN 978-3-16-{order}",
      "IMEI {luhn}",
      "0x{hash}",
      "diff --git a/{word} b/{word}\nindex {hash}..{hash} 100644\n@@ -{n},{n} +{n},{n} @@",
      "{n} {n} {n} {n}\n{n} {n} {n} {n}",
      "2019 2020 2021 2022 2023",
      "1990-2000, 2000-2010",
      "The {word} costs {n},{n} euros.",
      "npm install @{word}/{word}@{n}.{n}.{n}",
      "<input type=\"password\" name=\"password\" placeholder=\"Password\">",
      "\"properties\": {\"password\": {\"type\": \"string\"}}",
      "password: ${DB_PASSWORD}",
      "API_KEY=<your key here>",
      "token: \"********\"",
      "secretKeyRef:\n  name: {word}\n  key: password",
      "-----BEGIN CERTIFICATE-----",
      "data-id=\"{order}\" class=\"sk-{word}-{word}\"",
      "trace {uuid} span {hash}",
      "batch {order} of {order}",
      "{hash}  {word}.tar.gz",
      "Chapter {n}. The {word} and the {word} went to the {word}.",
      "das {word} hat {n} Seiten",
      "这个{word}有{n}页，价格{n}元",
      "rgb({n}, {n}, {n})",
      "x = {n}e-{n}",
      "logo@2x.png icon@3x.png",
      "user_{n}, item_{order}",
      "#{order}",
      "case {n}: return {n};",
      "0.{order} 0.{order} -0.{order} 0.{order}",
      "{uuid}.{hash}",
      "build {order} ({hash})",
      "epoch {order}",
      "model: {word}-{n}b-{hash}"};
  return texts;
}

const std::vector<std::string_view>& filler() {
  static const std::vector<std::string_view> sentences{"We met {name} near the {word} on {date}. ",
                                                       "The {word} was late again. ",
                                                       "Please have a look at section {n}. ",
                                                       "Das {word} steht im Garten. ",
                                                       "Gestern kam {name} mit {n} Büchern. ",
                                                       "今天天气很好，我们去公园。",
                                                       "会议改到{date}。",
                                                       "Il y a {n} {word}s ici. ",
                                                       "It took {n} minutes. ",
                                                       "See ticket {n} for details. ",
                                                       "\n\n",
                                                       "- {word}: {n}\n",
                                                       "def {word}(x):\n    return x * {n}\n",
                                                       "{name}: ok\n"};
  return sentences;
}

void fill(Random& random, std::string_view form, LabelledText& out) {
  while (!form.empty()) {
    const std::size_t open = form.find('{');
    out.text += form.substr(0, open);
    if (open == std::string_view::npos) return;
    form.remove_prefix(open);
    bool filled = false;
    for (const Slot& slot : kSlots) {
      const std::string hole = "{" + std::string(slot.name) + "}";
      if (!form.starts_with(hole)) continue;
      const std::size_t begin = out.text.size();
      out.text += slot.make(random);
      if (!slot.kind.empty()) out.labels.push_back({begin, out.text.size(), std::string(slot.kind)});
      form.remove_prefix(hole.size());
      filled = true;
      break;
    }
    if (filled) continue;
    out.text += '{';
    form.remove_prefix(1);
  }
}

}  // namespace

std::vector<LabelledText> texts_with_data(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<LabelledText> texts(count);
  for (LabelledText& text : texts) {
    const std::size_t before = random.below(3);
    for (std::size_t i = 0; i < before; ++i) fill(random, random.pick(filler()), text);
    fill(random, random.pick(random.pick(templates())), text);
    text.text += random.one_in(2) ? "\n" : " ";
    const std::size_t after = random.below(3);
    for (std::size_t i = 0; i < after; ++i) fill(random, random.pick(filler()), text);
  }
  return texts;
}

std::vector<std::string> texts_without(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<std::string> texts;
  for (std::size_t n = 0; n < count; ++n) {
    LabelledText text;
    const std::size_t parts = 1 + random.below(4);
    for (std::size_t i = 0; i < parts; ++i) {
      fill(random, random.pick(random.one_in(3) ? filler() : decoys()), text);
      text.text += random.one_in(2) ? "\n" : " ";
    }
    texts.push_back(std::move(text.text));
  }
  return texts;
}

}  // namespace hearth::labelled
