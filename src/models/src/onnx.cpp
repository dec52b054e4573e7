#include "onnx_types.h"
#include "protobuf.h"
#include "readers.h"

#include <hearth/models/model_file.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace hearth::models {
namespace {

constexpr std::uint64_t kMaxTensors = 1u << 18;
constexpr std::size_t kMaxValues = 1024;
constexpr std::size_t kMaxDimensions = 32;
constexpr std::size_t kMaxMetadata = 64;
constexpr std::size_t kMaxOperators = 1024;
constexpr std::size_t kMaxExternal = 256;
constexpr std::uint64_t kMaxName = 256;
constexpr std::uint64_t kKeptMetadata = 4096;
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 56;

using Field = ProtobufReader::Field;

struct Tensor {
  std::uint64_t at = 0;
  std::uint64_t elements = 1;
  bool absurd = false;
  std::int64_t type = 0;
  std::uint64_t raw = 0;  // bytes of raw_data
  bool has_raw = false;
  bool has_numbers = false;  // in one of the typed lists
  bool external = false;
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool bad_number = false;
};

bool stays_inside(const std::string& location) {
  if (location.empty() || location.front() == '/' || location.contains('\0') || location.contains('\\')) return false;
  const std::filesystem::path path(location);
  return std::ranges::none_of(path, [](const auto& part) { return part == ".."; });
}

bool parse_number(const std::string& text, std::uint64_t& value) {
  value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > (std::uint64_t{1} << 56)) return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return !text.empty();
}

class Reader {
 public:
  Reader(ByteReader& bytes, ModelFacts& facts) : bytes_(bytes), wire_(bytes), facts_(facts), onnx_(*facts.onnx) {}

  void model() {
    wire_.message([&](const Field& f) {
      switch (f.number) {
        case 1:
          onnx_.ir_version = static_cast<std::int64_t>(f.value);
          break;
        case 2:
          onnx_.producer = wire_.text(f, kMaxName);
          break;
        case 3:
          producer_version_ = wire_.text(f, kMaxName);
          break;
        case 7:
          if (has_graph_) bytes_.fail_at(f.at, "there are two graphs");
          has_graph_ = true;
          wire_.nested(f, [&](const Field& g) { graph_field(g, true); });
          break;
        case 8:
          opset(f);
          break;
        case 14:
          metadata(f);
          break;
        default:
          break;
      }
    });
    if (!bytes_.failed() && !has_graph_) bytes_.fail_here("there is no graph in it");
    if (!producer_version_.empty()) onnx_.producer += " " + producer_version_;
    // In old files the weights are listed among the inputs too.
    std::erase_if(onnx_.inputs,
                  [&](const OnnxValue& value) { return initializers_.contains(std::hash<std::string>{}(value.name)); });
  }

 private:
  std::pair<std::string, std::string> string_pair(const Field& f, std::uint64_t most) {
    std::pair<std::string, std::string> pair;
    wire_.nested(f, [&](const Field& part) {
      if (part.number == 1) pair.first = wire_.text(part, kMaxName);
      if (part.number == 2) pair.second = wire_.text(part, most);
    });
    return pair;
  }

  void metadata(const Field& f) {
    auto [key, value] = string_pair(f, kKeptMetadata);
    if (onnx_.metadata.size() < kMaxMetadata) onnx_.metadata.emplace(std::move(key), std::move(value));
  }

  void opset(const Field& f) {
    std::string domain;
    std::int64_t version = 0;
    wire_.nested(f, [&](const Field& part) {
      if (part.number == 1) domain = wire_.text(part, kMaxName);
      if (part.number == 2) version = static_cast<std::int64_t>(part.value);
    });
    if (onnx_.opsets.size() < kMaxMetadata) onnx_.opsets.emplace(domain == "ai.onnx" ? "" : domain, version);
  }

  void graph_field(const Field& f, bool top) {
    switch (f.number) {
      case 1:
        wire_.nested(f, [&](const Field& part) { node_field(part); });
        break;
      case 5:
        initializer(f, top);
        break;
      case 15:  // sparse: values and their places are tensors
        wire_.nested(f, [&](const Field& part) {
          if (part.number == 1) initializer(part, top);
          if (part.number == 2) initializer(part, false);
        });
        break;
      case 11:
        if (top) value(f, onnx_.inputs);
        break;
      case 12:
        if (top) value(f, onnx_.outputs);
        break;
      case 13:
        inner_value(f);
        break;
      default:
        break;
    }
  }

  void node_field(const Field& f) {
    if (f.number == 4) {
      std::string type = wire_.text(f, kMaxName);
      if (onnx_.operators.size() < kMaxOperators || onnx_.operators.contains(type)) ++onnx_.operators[std::move(type)];
    } else if (f.number == 5) {
      wire_.nested(f, [&](const Field& part) { attribute_field(part); });
    }
  }

  void attribute_field(const Field& f) {
    if (f.number == 5 || f.number == 10) initializer(f, false);
    if (f.number == 6 || f.number == 11) wire_.nested(f, [&](const Field& part) { graph_field(part, false); });
  }

  void initializer(const Field& f, bool top) {
    Tensor tensor;
    tensor.at = f.at;
    std::string name;
    wire_.nested(f, [&](const Field& part) { tensor_field(part, tensor, name); });
    if (bytes_.failed()) return;
    if (++facts_.tensors > kMaxTensors) {
      bytes_.fail_at(f.at, "there are too many tensors");
      return;
    }
    if (top) initializers_.insert(std::hash<std::string>{}(name));
    account(tensor, name);
  }

  void tensor_field(const Field& f, Tensor& tensor, std::string& name) {
    switch (f.number) {
      case 1:
        wire_.numbers(f, [&](std::uint64_t size) {
          if (size > kMaxElements || __builtin_mul_overflow(tensor.elements, size, &tensor.elements) ||
              tensor.elements > kMaxElements)
            tensor.absurd = true;
          if (tensor.absurd) tensor.elements = 0;
        });
        break;
      case 2:
        tensor.type = static_cast<std::int64_t>(f.value);
        break;
      case 8:
        name = wire_.text(f, kMaxName);
        break;
      case 9:
        tensor.has_raw = true;
        tensor.raw = f.length;
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 10:
      case 11:
        tensor.has_numbers = true;
        break;
      case 13: {
        const auto [key, text] = string_pair(f, 1024);
        if (key == "location") tensor.location = text;
        if (key == "offset") tensor.bad_number |= !parse_number(text, tensor.offset);
        if (key == "length") tensor.bad_number |= !parse_number(text, tensor.length);
        break;
      }
      case 14:
        tensor.external = f.value == 1;
        break;
      default:
        break;
    }
  }

  void account(const Tensor& tensor, const std::string& name) {
    const OnnxType* type = find_onnx_type(tensor.type);
    if (tensor.absurd) {
      bytes_.fail_at(tensor.at, fmt::format("tensor '{}' has an impossible size", name));
      return;
    }
    std::uint64_t bytes = tensor.raw;
    if (type && type->bits > 0) {
      bytes = (tensor.elements * type->bits + 7) / 8;
      if (tensor.has_raw && !tensor.external && tensor.raw != bytes) {
        bytes_.fail_at(tensor.at, fmt::format("tensor '{}' should be {} bytes and has {}", name, bytes, tensor.raw));
        return;
      }
      if (bytes > 0 && !tensor.external && !tensor.has_raw && !tensor.has_numbers) {
        bytes_.fail_at(tensor.at, fmt::format("tensor '{}' has no data", name));
        return;
      }
    }
    if (tensor.external) external(tensor, name, bytes);
    TensorTotals& totals = facts_.tensor_types[type ? std::string(type->name) : "unknown"];
    ++totals.count;
    totals.elements += tensor.elements;
    totals.bytes += bytes;
    facts_.parameters += tensor.elements;
    facts_.tensor_bytes += bytes;
    facts_.largest_tensor = std::max(facts_.largest_tensor, bytes);
  }

  void external(const Tensor& tensor, const std::string& name, std::uint64_t bytes) {
    if (!stays_inside(tensor.location)) {
      bytes_.fail_at(tensor.at, fmt::format("tensor '{}' lies in the file '{}', outside the model's folder", name,
                                            tensor.location));
      return;
    }
    if (tensor.bad_number || (tensor.length > 0 && tensor.length < bytes)) {
      bytes_.fail_at(tensor.at, fmt::format("where tensor '{}' lies in '{}' makes no sense", name, tensor.location));
      return;
    }
    const std::uint64_t end = tensor.offset + std::max(tensor.length, bytes);
    const auto known = std::ranges::find(onnx_.external, tensor.location, &ExternalFile::location);
    if (known != onnx_.external.end()) {
      known->bytes = std::max(known->bytes, end);
    } else if (onnx_.external.size() < kMaxExternal) {
      onnx_.external.push_back({tensor.location, end});
    } else {
      bytes_.fail_at(tensor.at, "its weights lie in too many files");
    }
  }

  OnnxValue read_value(const Field& f) {
    OnnxValue value;
    wire_.nested(f, [&](const Field& part) {
      if (part.number == 1) value.name = wire_.text(part, kMaxName);
      if (part.number == 2) wire_.nested(part, [&](const Field& type) { type_field(type, value); });
    });
    return value;
  }

  void type_field(const Field& f, OnnxValue& value) {
    switch (f.number) {
      case 1:
      case 8:
        wire_.nested(f, [&](const Field& part) {
          if (part.number == 1) {
            const OnnxType* type = find_onnx_type(static_cast<std::int64_t>(part.value));
            value.type = type ? std::string(type->name) : "unknown";
          } else if (part.number == 2) {
            value.ranked = true;
            wire_.nested(part, [&](const Field& dimension) {
              if (dimension.number == 1) shape_dimension(dimension, value);
            });
          }
        });
        break;
      case 4:
        value.type = "sequence";
        break;
      case 5:
        value.type = "map";
        break;
      case 9:
        value.type = "optional";
        break;
      default:
        break;
    }
  }

  void shape_dimension(const Field& f, OnnxValue& value) {
    OnnxDimension dimension;
    wire_.nested(f, [&](const Field& part) {
      if (part.number == 1 && static_cast<std::int64_t>(part.value) >= 0) dimension.size = part.value;
      if (part.number == 2) dimension.symbol = wire_.text(part, 128);
    });
    if (value.shape.size() >= kMaxDimensions) {
      bytes_.fail_at(f.at, fmt::format("'{}' has more than {} dimensions", value.name, kMaxDimensions));
      return;
    }
    value.shape.push_back(std::move(dimension));
  }

  void value(const Field& f, std::vector<OnnxValue>& into) {
    if (into.size() >= kMaxValues) {
      // Old files list their weights as inputs: those past the bound can only be such.
      return;
    }
    into.push_back(read_value(f));
  }

  void inner_value(const Field& f) {
    const OnnxValue value = read_value(f);
    std::uint64_t elements = 1;
    for (const OnnxDimension& dimension : value.shape) {
      if (__builtin_mul_overflow(elements, dimension.size.value_or(1), &elements) || elements > kMaxElements) return;
    }
    const bool wide = value.type == "int64" || value.type == "float64";
    if (value.ranked) onnx_.largest_known_value = std::max(onnx_.largest_known_value, elements * (wide ? 8 : 4));
  }

  ByteReader& bytes_;
  ProtobufReader wire_;
  ModelFacts& facts_;
  OnnxFacts& onnx_;
  std::string producer_version_;
  std::unordered_set<std::size_t> initializers_;
  bool has_graph_ = false;
};

std::string metadata_of(const OnnxFacts& onnx, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const auto found = onnx.metadata.find(std::string(key));
    if (found != onnx.metadata.end()) return found->second;
  }
  return {};
}

}  // namespace

Result<ModelFacts> read_onnx(ByteSource& source) {
  ByteReader bytes(source, 0, source.size());
  ModelFacts facts;
  facts.format = Format::onnx;
  facts.file_bytes = source.size();
  facts.onnx.emplace();
  Reader(bytes, facts).model();
  if (bytes.failed()) return bytes.failure();
  if (facts.onnx->ir_version < 1 || facts.onnx->ir_version > 1000)
    return fail(Errc::corrupt, fmt::format("its IR version is {}", facts.onnx->ir_version));
  if (facts.onnx->outputs.empty()) return fail(Errc::corrupt, "its graph has no outputs");
  facts.format_version = static_cast<std::uint32_t>(facts.onnx->ir_version);
  facts.name = metadata_of(*facts.onnx, {"name", "model_name", "comment"});
  facts.licence = metadata_of(*facts.onnx, {"license", "licence"});
  std::uint64_t most = 0;
  for (const auto& [type, totals] : facts.tensor_types) {
    if (totals.bytes >= most) {
      most = totals.bytes;
      facts.quantisation = type;
    }
  }
  return facts;
}

Result<void> check_external_files(const ModelFacts& facts, const SizeOf& size_of) {
  if (!facts.onnx) return {};
  for (const ExternalFile& file : facts.onnx->external) {
    const auto size = size_of(file.location);
    if (!size)
      return fail(Errc::corrupt,
                  fmt::format("the model keeps weights in '{}', which is missing; pull it again", file.location));
    if (*size < file.bytes)
      return fail(Errc::corrupt, fmt::format("'{}' is cut off: it should be at least {} bytes long and is {}; pull the "
                                             "model again",
                                             file.location, file.bytes, *size));
  }
  return {};
}

}  // namespace hearth::models
