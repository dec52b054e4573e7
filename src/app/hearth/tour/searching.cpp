#include "../api.h"
#include "stations.h"

#include <fmt/format.h>

namespace hearth::tool::tour {

Result<Finding> search_station(Session& session, const Inputs& inputs, Progress& progress) {
  HEARTH_TRY_ASSIGN(const auto lines, inputs.own_table("search/lines.txt"));
  HEARTH_TRY_ASSIGN(const auto questions, inputs.own_table("search/questions.tsv"));
  std::vector<std::string> texts;
  for (const auto& line : lines) texts.push_back(line.front());
  const std::size_t sentences = texts.size();
  for (const auto& question : questions) {
    if (question.size() != 2) return fail(Errc::corrupt, "search/questions.tsv: a line has not two fields");
    texts.push_back(question.front());
  }
  if (sentences == 0 || questions.empty()) return fail(Errc::corrupt, "search: no sentences, or no questions");
  progress.update("search", -1, fmt::format("{} sentences", sentences));
  HEARTH_TRY_ASSIGN(std::vector<Vector> vectors, api::embed(session, texts, {}));
  const std::vector<Vector> asked(vectors.begin() + static_cast<std::ptrdiff_t>(sentences), vectors.end());
  vectors.resize(sentences);

  std::size_t right = 0;
  std::string shown;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string& answer = texts[rank(asked[i], vectors, 1).front().index];
    right += answer == questions[i][1] ? 1 : 0;
    if (i == 0) shown = fmt::format("{} → “{}”", questions[i][0], answer);
  }
  return Finding{fmt::format("{} questions, {} sentences", questions.size(), sentences), shown, false,
                 static_cast<double>(right) / static_cast<double>(questions.size()),
                 fmt::format("{} of {}", right, questions.size())};
}

}  // namespace hearth::tool::tour
