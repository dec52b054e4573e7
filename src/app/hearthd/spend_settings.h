// From hearth.yaml and share/prices.yaml to what spend wants.
#pragma once

#include <hearth/config/config.h>
#include <hearth/spend/budgets.h>

namespace hearth::daemon {

// Prices of hearth.yaml go before those of the file. Without a sound file only the former are known, which is logged.
// invalid_argument: a line that config::load() would not have let pass.
Result<spend::Budgets::Settings> spend_settings(const config::Budgets& config);

}  // namespace hearth::daemon
