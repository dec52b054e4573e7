// Values as they occur in the wild. Check digits are computed here, from the standards.
#pragma once

#include "random.h"

#include <string>

namespace hearth::labelled {

std::string email(Random& random);
// With the country's code.
std::string phone_abroad(Random& random);
// As written at home in one of these countries.
std::string phone_us(Random& random);
std::string phone_cn(Random& random);
std::string phone_de(Random& random);
std::string phone_fr(Random& random);
std::string phone_gb(Random& random);
std::string phone_es(Random& random);
std::string phone_in(Random& random);
std::string phone_br(Random& random);
std::string phone_jp(Random& random);

std::string card(Random& random);
std::string card_unionpay(Random& random);
std::string iban(Random& random);

std::string id_cn(Random& random);
std::string id_us(Random& random);
std::string id_de(Random& random);
std::string id_es(Random& random);
std::string id_it(Random& random);
std::string id_in(Random& random);
std::string id_br(Random& random);
std::string id_nl(Random& random);
std::string id_pl(Random& random);
std::string id_fr(Random& random);

std::string private_key(Random& random);
std::string api_key(Random& random);     // of a provider, with its beginning
std::string opaque_key(Random& random);  // without one
std::string password(Random& random);
std::string weak_password(Random& random);  // a word
std::string url_credentials(Random& random);

// No data of anybody's.
std::string uuid(Random& random);
std::string hash(Random& random);
std::string luhn_number(Random& random);  // sixteen digits, valid by Luhn, of an issuer's range
std::string name(Random& random);
std::string word(Random& random);

}  // namespace hearth::labelled
