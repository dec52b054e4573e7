// Detectors of what is made of digits. Each takes a piece of a run, or the place of a run's first digit, and looks at a
// fixed number of bytes around it.
#pragma once

#include "src/number_run.h"
#include "src/source.h"

namespace hearth::privacy {

std::optional<Hit> match_card(Source& source, const Piece& piece);
// National numbers that consist of digits (and a last X).
std::optional<Hit> match_national_id(Source& source, const Piece& piece);
// Telephone numbers as they are written at home.
std::optional<Hit> match_local_phone(Source& source, const NumberRun& run, std::size_t first, const Piece& piece);
// … with a '+' and the country's code.
std::optional<Hit> match_international_phone(Source& source, const NumberRun& run, std::size_t first);
// A home number of any form, where a telephone is spoken of: as many groups from `first` on as it may have.
std::optional<Hit> match_spoken_phone(Source& source, const NumberRun& run, std::size_t first);

// With letters among the digits: `digit` is the place of the first digit.
std::optional<Hit> match_iban(Source& source, std::size_t digit);
std::optional<Hit> match_it_tax_code(Source& source, std::size_t digit);
std::optional<Hit> match_es_id(Source& source, const Piece& piece);

}  // namespace hearth::privacy
