#include "worker/inquiry.h"

#include <utility>

#include "base/bounds.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd {

void Inquiry::ask(Form form, std::string_view prefix) {
    form_ = form;
    prefix_ = prefix;
    line_ = screen_.answered_line();
    append_frame(question_, AskProcesses{}, prefix);
}

bool Inquiry::take(const Frame& frame, const OwnNews& own) {
    if (!is_open() || answer_.size() > kAnswerBytesMax) return false;
    switch (frame.type) {
        case FrameType::Processes:
        case FrameType::ProcessRow: answer_.append(frame.bytes); return true;
        case FrameType::Done: show(own, frame.as<Done>().left_out); return true;
        default: return false;
    }
}

void Inquiry::fail() {
    if (!is_open()) return;
    screen_.answers(line_);
    screen_->line(Text::NoLookout);
    close();
}

void Inquiry::close() {
    screen_.answers(0);
    question_ = {};
    answer_ = {};
}

void Inquiry::show(const OwnNews& own, std::uint32_t left_out) {
    ProcessAnswer answer{.as_tree = form_ == Form::Tree,
                         .prefix = prefix_,
                         .counts = {},
                         .processes = {},
                         .own = own,
                         .left_out = left_out};
    std::string_view rest = answer_;
    for (Frame frame{}; take_frame(rest, frame) == FrameStatus::Whole;) {
        if (frame.type == FrameType::Processes) {
            answer.counts = frame.as<Processes>();
        } else {
            const std::string_view name = may_be_name(frame.name) ? frame.name : std::string_view();
            answer.processes.push_back(
                {frame.as<ProcessRow>(), std::string(name), clean_text(frame.text)});
        }
    }
    screen_.answers(line_);
    screen_->processes(answer);
    close();
}

}  // namespace chatd
