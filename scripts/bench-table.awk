# Medians of a benchmark's figures as tables in Markdown, one for each number of clients.
# Input: contender, clients, figure, value, once for each round.

function sorted(list, values,    n, i, j, value) {
    n = split(list, values, " ")
    for (i = 2; i <= n; ++i) {
        value = values[i] + 0
        for (j = i - 1; j > 0 && values[j] + 0 > value; --j) values[j + 1] = values[j]
        values[j + 1] = value
    }
    return n
}

function median(list,    values, n) {
    n = sorted(list, values)
    return n % 2 ? values[(n + 1) / 2] + 0 : (values[n / 2] + values[n / 2 + 1]) / 2
}

# "4.52M", "812", "0.83".
function short(value) {
    if (value >= 1e6) return sprintf("%.2fM", value / 1e6)
    if (value >= 1e4) return sprintf("%.0fk", value / 1e3)
    if (value >= 100) return sprintf("%.0f", value)
    return sprintf("%.3g", value)
}

function cell(contender, clients, figure,    key, values, n, text, mid, ours) {
    key = contender SUBSEP clients SUBSEP figure
    if (!(key in found)) return "–"
    n = sorted(found[key], values)
    mid = median(found[key])
    text = short(mid)
    if (n > 2) text = text " (" short(values[1]) "–" short(values[n]) ")"
    ours = "chatd" SUBSEP clients SUBSEP figure
    if (contender != "chatd" && ours in found && mid > 0) {
        text = text sprintf(", %.2fx", median(found[ours]) / mid)
    }
    return text
}

!(($1, $2, $3) in found) {
    if (!($1 in known_contender)) contenders[++contender_count] = $1
    if (!($2 in known_clients)) clients[++clients_count] = $2
    if (!($3 in known_figure) && $3 != "failed") figures[++figure_count] = $3
    known_contender[$1] = known_clients[$2] = known_figure[$3] = 1
}
{ found[$1, $2, $3] = found[$1, $2, $3] " " $4 }

END {
    print "Median of all rounds (smallest–largest), and how many times as much chatd has.\n"
    for (c = 1; c <= clients_count; ++c) {
        header = "| " clients[c] " clients |"
        line = "|---|"
        for (i = 1; i <= contender_count; ++i) {
            failed = (contenders[i], clients[c], "failed") in found
            header = header " " contenders[i] (failed ? " (did not finish)" : "") " |"
            line = line "---|"
        }
        print header "\n" line
        for (f = 1; f <= figure_count; ++f) {
            row = "| " figures[f] " |"
            for (i = 1; i <= contender_count; ++i) {
                row = row " " cell(contenders[i], clients[c], figures[f]) " |"
            }
            print row
        }
        print ""
    }
}
