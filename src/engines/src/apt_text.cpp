// What apt prints, read and explained.
#include "private_apt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxFiles = 2000;
constexpr std::size_t kQuote = 300;

template <typename Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!visit(text.substr(0, end))) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view next_word(std::string_view& text) {
  text = trim(text);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// apt writes an epoch's colon as %3a in file names.
std::string unescape_version(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool colon = text.substr(i, 3) == "%3a";
    out += colon ? ':' : text[i];
    if (colon) i += 2;
  }
  return out;
}

// "libc6_2.43-7_amd64.deb"
bool read_name(PackFile& file) {
  std::string_view name = file.file;
  if (!name.ends_with(".deb") || name.find('/') != std::string_view::npos) return false;
  name.remove_suffix(4);
  const std::size_t first = name.find('_');
  const std::size_t last = name.rfind('_');
  if (first == std::string_view::npos || first == last || first == 0) return false;
  file.package = name.substr(0, first);
  file.version = unescape_version(name.substr(first + 1, last - first - 1));
  file.arch = name.substr(last + 1);
  return !file.version.empty() && !file.arch.empty();
}

bool read_line(PackFile& file, std::string_view line) {
  const std::size_t quote = line.find('\'', 1);
  if (quote == std::string_view::npos) return false;
  line.remove_prefix(quote + 1);
  file.file = next_word(line);
  const std::string_view size = next_word(line);
  std::string_view hash = next_word(line);
  constexpr std::string_view kHash = "SHA256:";
  if (!hash.starts_with(kHash)) return false;
  hash.remove_prefix(kHash.size());
  file.sha256 = hash;
  const auto [end, ec] = std::from_chars(size.data(), size.data() + size.size(), file.size);
  return ec == std::errc() && end == size.data() + size.size() && hash.size() == 64 &&
         hash.find_first_not_of("0123456789abcdef") == std::string_view::npos && read_name(file);
}

struct Meaning {
  std::string_view words;
  Errc code;
  std::string_view advice;
};
// In order of how much they say.
constexpr std::array kMeanings{
    Meaning{"No space left", Errc::resource_exhausted, "the disk is full; make room and try again"},
    Meaning{"enough free space", Errc::resource_exhausted, "the disk is full; make room and try again"},
    Meaning{"NO_PUBKEY", Errc::failed_precondition,
            "its index is not signed by a key of packs.keyring; nothing of it was used"},
    Meaning{"BADSIG", Errc::failed_precondition, "its index has a wrong signature; nothing of it was used"},
    Meaning{"EXPKEYSIG", Errc::failed_precondition,
            "its index is signed by a key that has expired; update the package that packs.keyring is from"},
    Meaning{"is not signed", Errc::failed_precondition,
            "its index is not signed by a key of packs.keyring; nothing of it was used"},
    Meaning{"invalid signature", Errc::failed_precondition, "its index has a wrong signature; nothing of it was used"},
    Meaning{"Clearsigned file", Errc::failed_precondition,
            "its index is not what was signed (does a login page answer for the net?); nothing of it was used"},
    Meaning{"is expired", Errc::failed_precondition,
            "its index is older than it may be: the mirror stands still, or this box's clock is wrong; "
            "packs.check_valid_until: false accepts it all the same"},
    Meaning{"not valid yet", Errc::failed_precondition, "its index is from the future: set this box's clock"},
    Meaning{"Hash Sum mismatch", Errc::corrupt,
            "a file is not the one that the signed index names: the mirror is being updated, or something on the way "
            "changes files; try again later"},
    Meaning{"unexpected size", Errc::corrupt,
            "a file is not the one that the signed index names: the mirror is being updated, or something on the way "
            "changes files; try again later"},
    Meaning{"Could not resolve", Errc::unavailable, "its name cannot be found; is the network up?"},
    Meaning{"Temporary failure resolving", Errc::unavailable, "its name cannot be found; is the network up?"},
    Meaning{"Could not connect", Errc::unavailable, "it cannot be reached; is the network up?"},
    Meaning{"Unable to connect", Errc::unavailable, "it cannot be reached; is the network up?"},
    Meaning{"Network is unreachable", Errc::unavailable, "it cannot be reached; is the network up?"},
    Meaning{"timed out", Errc::unavailable, "it does not answer; try again later"},
    Meaning{"Connection failed", Errc::unavailable, "the connection was cut; try again"},
    Meaning{"Error reading from server", Errc::unavailable, "the connection was cut; try again"},
    Meaning{"Unable to locate package", Errc::not_found, "it has no such package"},
    Meaning{"was not found", Errc::not_found, "it has no such version"},
    Meaning{"has no installation candidate", Errc::not_found, "it has no such package"},
    Meaning{"No packages found", Errc::not_found, "it has no such package"},
    Meaning{"unmet dependencies", Errc::unavailable,
            "its packages do not fit together just now, as happens in a suite that moves; try again tomorrow"},
    Meaning{"held broken packages", Errc::unavailable,
            "its packages do not fit together just now, as happens in a suite that moves; try again tomorrow"},
    Meaning{"may not be contacted", Errc::permission_denied, "this box's rules do not allow it; see egress.allow"},
    Meaning{"is not contacted", Errc::permission_denied, "this box's rules do not allow it; see egress.allow"},
    Meaning{"404", Errc::unavailable, "it lacks a file that its index names; try again later"},
    Meaning{"does not have a Release file", Errc::failed_precondition,
            "it has no such suite; see packs.mirror and packs.suite"},
    Meaning{"Failed to fetch", Errc::unavailable, "a file could not be fetched; try again later"},
};

}  // namespace

Result<std::vector<PackFile>> parse_uris(std::string_view text) {
  std::vector<PackFile> files;
  std::string wrong;
  each_line(text, [&](std::string_view line) {
    if (!line.starts_with('\'')) return true;
    PackFile file;
    if (!read_line(file, line) || files.size() >= kMaxFiles) {
      wrong = line.substr(0, kQuote);
      return false;
    }
    files.push_back(std::move(file));
    return true;
  });
  if (!wrong.empty())
    return fail(Errc::protocol_error, fmt::format("apt said of a file what cannot be read: {}", wrong));
  std::ranges::sort(files, {}, &PackFile::package);
  return files;
}

std::string take_host_proxy(std::string& settings) {
  constexpr std::string_view kProxy = "Acquire::http::Proxy \"";
  std::string proxy;
  std::string kept;
  each_line(settings, [&](std::string_view line) {
    if (line.starts_with(kProxy) && line.rfind('"') >= kProxy.size())
      proxy = line.substr(kProxy.size(), line.rfind('"') - kProxy.size());
    if (line.find("::Proxy") == std::string_view::npos) kept.append(line).push_back('\n');
    return true;
  });
  settings = std::move(kept);
  return proxy == "DIRECT" ? std::string() : proxy;
}

std::optional<double> parse_download_status(std::string_view line) {
  constexpr std::string_view kKind = "dlstatus:";
  if (!line.starts_with(kKind)) return std::nullopt;
  line.remove_prefix(kKind.size());
  line.remove_prefix(std::min(line.find(':') + 1, line.size()));
  const std::string_view number = line.substr(0, line.find(':'));
  double percent = 0;
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), percent);
  if (ec != std::errc() || end != number.data() + number.size() || !(percent >= 0 && percent <= 100))
    return std::nullopt;
  return percent / 100;
}

std::string find_mirror(std::string_view targets) {
  std::string found;
  each_line(targets, [&](std::string_view line) {
    std::string_view uri = trim(line);
    while (uri.ends_with('/')) uri.remove_suffix(1);
    const bool fits = uri.ends_with("/debian") || uri.ends_with("/debian.list");
    if (fits && uri.find(' ') == std::string_view::npos) found = uri;
    return found.empty();
  });
  return found;
}

std::vector<std::string> parse_depends(std::string_view text) {
  std::vector<std::string> names;
  each_line(text, [&](std::string_view line) {
    line = trim(line);
    constexpr std::string_view kDepends = "Depends:";
    if (line.starts_with('|')) line.remove_prefix(1);
    if (!line.starts_with(kDepends)) return true;
    line.remove_prefix(kDepends.size());
    const std::string_view name = next_word(line);
    if (!name.empty() && !name.starts_with('<') && names.size() < kMaxFiles) names.emplace_back(name);
    return true;
  });
  return names;
}

Error explain_apt(std::string_view errors, const PackSource& source) {
  std::string last;
  each_line(errors, [&](std::string_view line) {
    if (line.starts_with("E: ") && last.empty()) last = line.substr(3, kQuote);
    return true;
  });
  const std::string where = fmt::format("{} ({})", source.mirror, source.suite);
  for (const Meaning& meaning : kMeanings) {
    if (errors.find(meaning.words) == std::string_view::npos) continue;
    const Error error(meaning.code, fmt::format("the mirror {}: {}", where, meaning.advice));
    return last.empty() ? error : Error(meaning.code, last).wrap(error.message());
  }
  return {Errc::io_error, fmt::format("apt could not do it with the mirror {}: {}", where,
                                      last.empty() ? "it gave no reason" : std::string_view(last))};
}

}  // namespace hearth::engines
