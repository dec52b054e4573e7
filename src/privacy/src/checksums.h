// Check digits. All take text that consists of digits only (and letters where it says so) of the right length.
#pragma once

#include <string_view>

namespace hearth::privacy {

bool luhn(std::string_view digits) noexcept;            // ISO/IEC 7812-1, annex B
bool verhoeff(std::string_view digits) noexcept;        // Verhoeff 1969, in the dihedral group of ten
bool mod_97_10(std::string_view alnum) noexcept;        // ISO/IEC 7064 as IBANs use it, already rearranged
bool mod_11_2(std::string_view digits_and_x) noexcept;  // ISO/IEC 7064, pure; the last may be X
bool mod_11_10(std::string_view digits) noexcept;       // ISO/IEC 7064, hybrid
bool weighted(std::string_view digits, std::string_view weights, int modulus) noexcept;  // sum of products is 0

bool is_cn_resident_id(std::string_view id) noexcept;  // 18: GB 11643-1999, with region and date of birth
bool is_de_tax_id(std::string_view digits) noexcept;   // 11: section 139b AO; one digit is there twice or thrice
bool is_es_id(std::string_view id) noexcept;           // 9: DNI "12345678Z" or NIE "X1234567L", upper case
bool is_it_tax_code(std::string_view code) noexcept;   // 16, upper case: D.M. 23/12/1976, also with omocodia
bool is_br_cpf(std::string_view digits) noexcept;      // 11
bool is_nl_bsn(std::string_view digits) noexcept;      // 9
bool is_pl_pesel(std::string_view digits) noexcept;    // 11, with date of birth
bool is_fr_nir(std::string_view digits) noexcept;      // 15, the two check digits included
bool is_us_ssn(std::string_view digits) noexcept;      // 9: no check digit, only what is never issued
bool is_in_aadhaar(std::string_view digits) noexcept;  // 12

// A day that exists; year 1800 to 2099.
bool is_date(int year, int month, int day) noexcept;

}  // namespace hearth::privacy
