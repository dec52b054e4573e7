// What this room uses of egress, by its short names.
#pragma once

#include <hearth/egress/document.h>
#include <hearth/egress/http.h>
#include <hearth/egress/http_headers.h>
#include <hearth/egress/json_fields.h>
#include <hearth/egress/retry.h>

namespace hearth::models {

namespace json = egress::json;
using egress::Headers;
using egress::host_of;
using egress::Http;
using egress::HttpRequest;
using egress::HttpResult;
using egress::parse_content_range;
using egress::parse_length;
using egress::PlainHttp;
using egress::ResponseHead;
using egress::RetryBudget;
using egress::RetryPolicy;
using egress::strong_etag;

}  // namespace hearth::models
