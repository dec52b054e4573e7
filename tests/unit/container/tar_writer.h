// Writes tar archives for tests: good ones, and what no honest program writes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct archive;

namespace hearth::container {

class TarWriter {
 public:
  enum class Filter { none, gzip, zstd };
  explicit TarWriter(const std::filesystem::path& file, Filter filter = Filter::none);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  TarWriter& folder(const std::string& path, unsigned mode = 0755);
  TarWriter& file(const std::string& path, const std::string& content, unsigned mode = 0644);
  TarWriter& link(const std::string& path, const std::string& target);
  TarWriter& name(const std::string& path, const std::string& other);
  TarWriter& device(const std::string& path);

 private:
  void put(const std::string& path, unsigned type, unsigned mode, const std::string& content, const std::string& link,
           const std::string& other);
  archive* archive_;
};

}  // namespace hearth::container
