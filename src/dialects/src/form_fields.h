// Reading a form's text fields. Private to this room.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/multipart.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace hearth::dialects {

// The value as the client typed it, without white space around it; invalid_utf8.
Decoded<std::string> form_text(const FormField& field);
// "true", "false", "1", "0", in any case (Python's requests sends "True").
Decoded<bool> form_boolean(const FormField& field);
Decoded<double> form_number(const FormField& field, double low, double high);
Decoded<std::int64_t> form_integer(const FormField& field, std::int64_t low, std::int64_t high);

// duplicate_field if one of `single` is there twice.
Decoded<void> refuse_duplicates(std::span<const FormField> fields, std::span<const std::string_view> single);

}  // namespace hearth::dialects
