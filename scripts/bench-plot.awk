# One figure of a benchmark against the number of clients, both logarithmic, as SVG.
# Input: contender, clients, figure, value, once for each round. -v figure=NAME

function log10(value) { return log(value) / log(10) }
function x_of(clients) { return 70 + (log10(clients) - x_min) / (x_max - x_min) * 460 }
function y_of(value) { return 340 - (log10(value) - y_min) / (y_max - y_min) * 310 }

function median(list,    values, n, i, j, value) {
    n = split(list, values, " ")
    for (i = 2; i <= n; ++i) {
        value = values[i] + 0
        for (j = i - 1; j > 0 && values[j] + 0 > value; --j) values[j + 1] = values[j]
        values[j + 1] = value
    }
    return values[int((n + 1) / 2)] + 0
}

function down(value) { return value < 0 && value != int(value) ? int(value) - 1 : int(value) }

$3 == figure && $4 > 0 {
    if (!($1 in known)) contenders[++count] = $1
    known[$1] = 1
    if (!(($1, $2) in found)) at[$1] = at[$1] " " $2
    found[$1, $2] = found[$1, $2] " " $4
    if (!seen++ || log10($2) < x_min) x_min = log10($2)
    if (seen == 1 || log10($2) > x_max) x_max = log10($2)
    if (seen == 1 || log10($4) < y_min) y_min = log10($4)
    if (seen == 1 || log10($4) > y_max) y_max = log10($4)
}

END {
    split("#c0392b #e67e22 #7f8c8d #2980b9 #85c1e9 #27ae60 #82e0aa #8e44ad", colours, " ")
    if (x_max <= x_min) x_max = x_min + 1
    y_min = down(y_min)
    y_max = down(y_max) + 1
    print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"680\" height=\"390\"" \
        " font-family=\"sans-serif\" font-size=\"12\">"
    print "<rect width=\"680\" height=\"390\" fill=\"white\"/>"
    printf "<text x=\"70\" y=\"18\">%s</text>\n", figure
    for (y = y_min; y <= y_max; ++y) {
        printf "<path d=\"M70 %.1fH530\" stroke=\"#ddd\"/>\n", y_of(10 ^ y)
        printf "<text x=\"64\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", y_of(10 ^ y) + 4, 10 ^ y
    }
    for (x = down(x_min); x <= x_max; ++x) {
        if (x < x_min) continue
        printf "<path d=\"M%.1f 30V340\" stroke=\"#ddd\"/>\n", x_of(10 ^ x)
        printf "<text x=\"%.1f\" y=\"358\" text-anchor=\"middle\">%d</text>\n", x_of(10 ^ x), 10 ^ x
    }
    print "<text x=\"300\" y=\"380\" text-anchor=\"middle\">clients</text>"
    for (i = 1; i <= count; ++i) {
        name = contenders[i]
        n = split(at[name], numbers, " ")
        points = ""
        for (k = 1; k <= n; ++k) {
            x = x_of(numbers[k])
            y = y_of(median(found[name, numbers[k]]))
            points = points sprintf(" %.1f,%.1f", x, y)
            printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x, y, colours[i]
        }
        printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", \
            points, colours[i]
        printf "<text x=\"545\" y=\"%d\" fill=\"%s\">%s</text>\n", 40 + 18 * i, colours[i], name
    }
    print "</svg>"
}
