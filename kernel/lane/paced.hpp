// Long work in pieces, so that everything else on the lane gets its turn in between.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "lane/lane.hpp"

namespace spawn {

// Calls step(i) for i = 0 .. n-1 on `home`, at most `per_task` of them in one task, then done().
// The first piece runs at once. step returns false to end early; done() is called all the same.
// [lane] of `home`.
template <class Step, class Done>
void paced(lane& home, std::size_t n, std::size_t per_task, Step step, Done done) {
  struct work final : task {
    work(lane& l, std::size_t count, std::size_t each, Step s, Done d)
        : home(l), n(count), per_task(each), step(std::move(s)), done(std::move(d)) {}
    lane& home;
    const std::size_t n;
    const std::size_t per_task;
    std::size_t next = 0;
    Step step;
    Done done;

    static void run_piece(task& t) {
      std::unique_ptr<work> mine(static_cast<work*>(&t));
      const std::size_t until = std::min(mine->n, mine->next + mine->per_task);
      while (mine->next < until) {
        if (!mine->step(mine->next++)) {
          mine->next = mine->n;
          break;
        }
      }
      if (mine->next < mine->n) {
        mine->home.post(*mine.release());
      } else {
        mine->done();
      }
    }
  };
  auto* made = new work(home, n, per_task, std::move(step), std::move(done));
  made->run = &work::run_piece;
  work::run_piece(*made);
}

}  // namespace spawn
