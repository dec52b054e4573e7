// The one place where the kit compiles Asio and Beast.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
