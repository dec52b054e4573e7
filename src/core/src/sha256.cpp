#include <hearth/core/ids.h>
#include <hearth/core/sha256.h>

#include <openssl/evp.h>

#include <memory>
#include <new>

namespace hearth {
namespace {

// To look the algorithm up costs as much as to hash a kilobyte, and a context is an allocation: one of each is kept.
EVP_MD_CTX* begin() {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                                            &EVP_MD_CTX_free);
  if (context == nullptr || EVP_DigestInit_ex(context.get(), kSha256, nullptr) != 1) throw std::bad_alloc();
  return context.get();
}

}  // namespace

Sha256 sha256(std::initializer_list<std::string_view> parts) {
  EVP_MD_CTX* const context = begin();
  for (const std::string_view part : parts) EVP_DigestUpdate(context, part.data(), part.size());
  Sha256 hash{};
  EVP_DigestFinal_ex(context, hash.data(), nullptr);
  return hash;
}

std::string sha256_hex(std::string_view data) {
  return to_hex(view(sha256({data})));
}

}  // namespace hearth
