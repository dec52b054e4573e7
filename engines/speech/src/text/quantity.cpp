#include "quantity.h"

#include <array>

namespace hearth::speech {
namespace {

constexpr std::size_t kMaxDigits = 40;

std::size_t count_digits(const Reader& r, std::size_t from) {
  std::size_t n = 0;
  while (n <= kMaxDigits && is_digit(r.peek(from + n))) ++n;
  return n;
}

constexpr Unit plural(std::string_view symbol, std::string_view one, std::string_view many, std::string_view chinese) {
  return {symbol, one, many, chinese, false};
}
constexpr Unit same(std::string_view symbol, std::string_view words, std::string_view chinese) {
  return {symbol, words, words, chinese, false};
}
constexpr Unit glued(std::string_view symbol, std::string_view one, std::string_view many, std::string_view chinese) {
  return {symbol, one, many, chinese, true};
}

// Longer symbols stand before those they begin with.
constexpr std::array kUnits{
    same("°C", "degrees Celsius", "摄氏度"),
    same("℃", "degrees Celsius", "摄氏度"),
    same("°F", "degrees Fahrenheit", "华氏度"),
    same("℉", "degrees Fahrenheit", "华氏度"),
    plural("°", "degree", "degrees", "度"),
    plural("km/h", "kilometer per hour", "kilometers per hour", "公里每小时"),
    plural("kmh", "kilometer per hour", "kilometers per hour", "公里每小时"),
    plural("km²", "square kilometer", "square kilometers", "平方公里"),
    plural("km2", "square kilometer", "square kilometers", "平方公里"),
    plural("km", "kilometer", "kilometers", "公里"),
    plural("kWh", "kilowatt hour", "kilowatt hours", "千瓦时"),
    plural("kW", "kilowatt", "kilowatts", "千瓦"),
    plural("kg", "kilogram", "kilograms", "公斤"),
    same("kHz", "kilohertz", "千赫"),
    plural("kbit/s", "kilobit per second", "kilobits per second", "千比特每秒"),
    plural("kbps", "kilobit per second", "kilobits per second", "千比特每秒"),
    plural("kB/s", "kilobyte per second", "kilobytes per second", "千字节每秒"),
    plural("kB", "kilobyte", "kilobytes", "千字节"),
    plural("KB/s", "kilobyte per second", "kilobytes per second", "千字节每秒"),
    plural("KB", "kilobyte", "kilobytes", "千字节"),
    plural("KiB", "kibibyte", "kibibytes", "千字节"),
    plural("kPa", "kilopascal", "kilopascals", "千帕"),
    plural("kV", "kilovolt", "kilovolts", "千伏"),
    plural("kJ", "kilojoule", "kilojoules", "千焦"),
    plural("kcal", "kilocalorie", "kilocalories", "千卡"),
    plural("MWh", "megawatt hour", "megawatt hours", "兆瓦时"),
    plural("MW", "megawatt", "megawatts", "兆瓦"),
    same("MHz", "megahertz", "兆赫"),
    plural("Mbit/s", "megabit per second", "megabits per second", "兆比特每秒"),
    plural("Mbps", "megabit per second", "megabits per second", "兆比特每秒"),
    plural("MB/s", "megabyte per second", "megabytes per second", "兆字节每秒"),
    plural("MB", "megabyte", "megabytes", "兆字节"),
    plural("MiB/s", "mebibyte per second", "mebibytes per second", "兆字节每秒"),
    plural("MiB", "mebibyte", "mebibytes", "兆字节"),
    plural("MPa", "megapascal", "megapascals", "兆帕"),
    plural("GWh", "gigawatt hour", "gigawatt hours", "吉瓦时"),
    plural("GW", "gigawatt", "gigawatts", "吉瓦"),
    same("GHz", "gigahertz", "吉赫"),
    plural("Gbit/s", "gigabit per second", "gigabits per second", "吉比特每秒"),
    plural("Gbps", "gigabit per second", "gigabits per second", "吉比特每秒"),
    plural("GB/s", "gigabyte per second", "gigabytes per second", "吉字节每秒"),
    plural("GB", "gigabyte", "gigabytes", "吉字节"),
    plural("GiB/s", "gibibyte per second", "gibibytes per second", "吉字节每秒"),
    plural("GiB", "gibibyte", "gibibytes", "吉字节"),
    plural("TB/s", "terabyte per second", "terabytes per second", "太字节每秒"),
    plural("TB", "terabyte", "terabytes", "太字节"),
    plural("TiB", "tebibyte", "tebibytes", "太字节"),
    plural("TWh", "terawatt hour", "terawatt hours", "太瓦时"),
    plural("PB", "petabyte", "petabytes", "拍字节"),
    plural("mph", "mile per hour", "miles per hour", "英里每小时"),
    plural("m/s²", "meter per second squared", "meters per second squared", "米每二次方秒"),
    plural("m/s", "meter per second", "meters per second", "米每秒"),
    plural("m²", "square meter", "square meters", "平方米"),
    plural("m2", "square meter", "square meters", "平方米"),
    plural("m³", "cubic meter", "cubic meters", "立方米"),
    plural("m3", "cubic meter", "cubic meters", "立方米"),
    plural("mAh", "milliamp hour", "milliamp hours", "毫安时"),
    plural("mA", "milliamp", "milliamps", "毫安"),
    plural("mV", "millivolt", "millivolts", "毫伏"),
    plural("mW", "milliwatt", "milliwatts", "毫瓦"),
    plural("mbar", "millibar", "millibars", "毫巴"),
    plural("mm", "millimeter", "millimeters", "毫米"),
    plural("mg", "milligram", "milligrams", "毫克"),
    plural("ml", "milliliter", "milliliters", "毫升"),
    plural("mL", "milliliter", "milliliters", "毫升"),
    plural("ms", "millisecond", "milliseconds", "毫秒"),
    plural("min", "minute", "minutes", "分钟"),
    plural("mi", "mile", "miles", "英里"),
    plural("m", "meter", "meters", "米"),
    plural("cm²", "square centimeter", "square centimeters", "平方厘米"),
    plural("cm³", "cubic centimeter", "cubic centimeters", "立方厘米"),
    plural("cm", "centimeter", "centimeters", "厘米"),
    plural("cl", "centiliter", "centiliters", "厘升"),
    plural("nm", "nanometer", "nanometers", "纳米"),
    plural("ns", "nanosecond", "nanoseconds", "纳秒"),
    plural("µm", "micrometer", "micrometers", "微米"),
    plural("μm", "micrometer", "micrometers", "微米"),
    plural("µs", "microsecond", "microseconds", "微秒"),
    plural("μs", "microsecond", "microseconds", "微秒"),
    plural("µg", "microgram", "micrograms", "微克"),
    plural("μg", "microgram", "micrograms", "微克"),
    same("hPa", "hectopascals", "百帕"),
    plural("ha", "hectare", "hectares", "公顷"),
    plural("hrs", "hour", "hours", "小时"),
    plural("hr", "hour", "hours", "小时"),
    plural("h", "hour", "hours", "小时"),
    plural("sec", "second", "seconds", "秒"),
    plural("s", "second", "seconds", "秒"),
    plural("dB", "decibel", "decibels", "分贝"),
    plural("dpi", "dot per inch", "dots per inch", "点每英寸"),
    plural("fps", "frame per second", "frames per second", "帧每秒"),
    plural("ft", "foot", "feet", "英尺"),
    plural("g", "gram", "grams", "克"),
    plural("lbs", "pound", "pounds", "磅"),
    plural("lb", "pound", "pounds", "磅"),
    plural("oz", "ounce", "ounces", "盎司"),
    plural("px", "pixel", "pixels", "像素"),
    same("ppm", "parts per million", "ppm"),
    same("rpm", "revolutions per minute", "转每分钟"),
    plural("l", "liter", "liters", "升"),
    plural("L", "liter", "liters", "升"),
    plural("t", "ton", "tons", "吨"),
    same("Hz", "hertz", "赫兹"),
    plural("Wh", "watt hour", "watt hours", "瓦时"),
    plural("W", "watt", "watts", "瓦"),
    plural("V", "volt", "volts", "伏"),
    plural("Ah", "amp hour", "amp hours", "安时"),
    glued("A", "amp", "amps", "安"),
    glued("B", "byte", "bytes", "字节"),
    glued("J", "joule", "joules", "焦耳"),
    glued("N", "newton", "newtons", "牛"),
    plural("Pa", "pascal", "pascals", "帕"),
};

}  // namespace

std::optional<Number> read_number(Reader& reader) {
  Reader r = reader;
  Number number;
  std::size_t n = count_digits(r, 0);
  if (n == 0 || n > kMaxDigits) return std::nullopt;
  number.whole = std::string(r.rest().substr(0, n));
  r.skip(n);
  if (n <= 3) {
    while (number.whole.size() <= kMaxDigits && r.peek() == ',' && count_digits(r, 1) == 3) {
      number.whole += r.rest().substr(1, 3);
      number.grouped = true;
      r.skip(4);
    }
  }
  if (r.peek() == '.' && is_digit(r.peek(1))) {
    n = count_digits(r, 1);
    if (n > kMaxDigits) return std::nullopt;
    number.fraction = std::string(r.rest().substr(1, n));
    r.skip(n + 1);
    if (r.peek() == '.' && is_digit(r.peek(1))) return std::nullopt;
  }
  reader = r;
  return number;
}

bool read_minus(Reader& reader) {
  const char32_t before = reader.before();
  if (is_word(before) || before == ')' || before == ']' || before == '-' || before == '_') return false;
  return reader.accept("-") || reader.accept("−");
}

bool read_range_dash(Reader& reader) {
  if (reader.accept_any({"–", "—", "−", "~", "～"})) return true;
  if (reader.peek() == '-' && reader.peek(1) != '-') return reader.accept("-");
  Reader r = reader;
  if (r.accept_blank() && r.accept("–") && r.accept_blank()) {
    reader = r;
    return true;
  }
  return false;
}

Currency read_currency(Reader& reader) {
  constexpr std::array kSymbols{Currency::dollar, Currency::dollar, Currency::euro,  Currency::pound,
                                Currency::yen,    Currency::yen,    Currency::rupee, Currency::won};
  if (is_letter(reader.before())) return Currency::none;
  const auto index = reader.accept_any({"US$", "$", "€", "£", "¥", "￥", "₹", "₩"});
  return index ? kSymbols[*index] : Currency::none;
}

Currency read_currency_code(Reader& reader) {
  constexpr std::array kCodes{Currency::dollar, Currency::euro,  Currency::pound, Currency::yen,  Currency::yuan,
                              Currency::yuan,   Currency::rupee, Currency::won,   Currency::franc};
  Reader r = reader;
  const auto index = r.accept_any({"USD", "EUR", "GBP", "JPY", "CNY", "RMB", "INR", "KRW", "CHF"});
  if (!index || !r.at_word_end()) return Currency::none;
  reader = r;
  return kCodes[*index];
}

const Unit* read_unit(Reader& reader) {
  Reader r = reader;
  const bool spaced = r.accept_blank();
  for (const Unit& unit : kUnits) {
    Reader end = r;
    if (!end.accept(unit.symbol) || !end.at_loose_end() || (spaced && unit.glued)) continue;
    if (end.peek() == '/' && is_ascii_letter(end.peek(1))) continue;  // some other rate, "m/min": better left as it is
    if (end.next().value == '\'') continue;
    reader = end;
    return &unit;
  }
  return nullptr;
}

}  // namespace hearth::speech
