#include "contract/workflow/part_corpus.hpp"

#include "contract/workflow/part_bytes.hpp"

namespace spawn::contract {

std::vector<std::string> part_corpus() {
  const std::string effect = part_bytes().text(
      1, part_bytes()
             .text(1, part_bytes().text(1, "shop"))
             .text(2, part_bytes().text(1, part_bytes().text(1, "bill").text(2, "shop")))
             .text(3, "charge")
             .any(4, "type.example/Charge", "12")
             .integer(5, 1)
             .text(6, part_bytes().text(1, "cart").text(2, "shop"))
             .entry(8, "tenant", "red")
             .entry(8, "k", "v")
             .integer(9, 1'700'000'000'000)
             .integer(10, 1)
             .text(11, "biller"));
  const std::string route = part_bytes().text(1, "next").text(2, "go").text(3, "ref");
  const std::string broadcast =
      part_bytes().text(1, "news").text(2, "read").any(3, "type.example/News", "n");
  const std::string silent = part_bytes().text(1, "news").text(4, "");
  const std::string start =
      part_bytes().text(1, "demo").text(2, "id-1").any(3, "type.example/Order", "o");
  return {effect, route, broadcast, silent, start};
}

}  // namespace spawn::contract
