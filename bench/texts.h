// What is embedded, spoken and read: sentences that are all different, and the same on every machine.
#pragma once

#include <string>
#include <vector>

namespace hearth::bench {

// Sentences of 5 to 14 words.
std::vector<std::string> sentences(std::size_t count);
// Whole sentences, at most `characters` in all.
std::string prose(std::size_t characters);
// A PDF with one A4 page of at most so many characters (up to 3,800) in 11-point Helvetica, which the reader of PDFs
// has to substitute.
std::string a4_page(std::size_t characters);
// A PPM file of RGB pixels.
std::string ppm(unsigned width, unsigned height, std::string_view rgb);

}  // namespace hearth::bench
