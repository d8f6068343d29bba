#include "worker/inquiry.h"

#include <utility>

#include "base/bounds.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd {

void Inquiry::ask(Form form, std::string_view prefix) {
    form_ = form;
    prefix_ = prefix;
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
    screen_.line(Text::NoLookout);
    close();
}

void Inquiry::close() {
    question_ = {};
    answer_ = {};
}

void Inquiry::show(const OwnNews& own, std::uint32_t left_out) {
    std::vector<ProcessNews> processes;
    std::string_view rest = answer_;
    for (Frame frame{}; take_frame(rest, frame) == FrameStatus::Whole;) {
        if (frame.type == FrameType::Processes) {
            show_heading(frame.as<Processes>());
        } else {
            const std::string_view name = may_be_name(frame.name) ? frame.name : std::string_view();
            processes.push_back(
                {frame.as<ProcessRow>(), std::string(name), clean_text(frame.text)});
        }
    }
    show_rows(processes, own);
    if (left_out != 0) screen_.line(Text::PsMore, {std::to_string(left_out)});
    close();
}

void Inquiry::show_heading(const Processes& counts) {
    const std::string all = std::to_string(counts.processes);
    if (!prefix_.empty()) {
        if (counts.matching == 0) return screen_.line(Text::WhoNobody, {prefix_});
        return screen_.line(Text::PsMatching, {std::to_string(counts.matching), all, prefix_});
    }
    if (form_ == Form::Table) screen_.line(Text::PsProcesses, {all});
}

void Inquiry::show_rows(const std::vector<ProcessNews>& processes, const OwnNews& own) {
    if (form_ == Form::Tree) return append_ps_tree(screen_.out, processes);
    append_ps_table(screen_.out, screen_.language(), processes);
    const std::string asked = fold_name(prefix_);
    for (const ProcessNews& process : processes) {
        const bool is_asked = !asked.empty() && fold_name(process.name) == asked;
        if (is_asked) append_ps_details(screen_.out, screen_.language(), process, own);
    }
}

}  // namespace chatd
