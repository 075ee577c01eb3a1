# Pictures of what tests/scaling measured: gnuplot -e "data='FOLDER'; pictures='FOLDER'" plots.gp
set terminal pngcairo size 800,500 font "DejaVu Sans,10"
set logscale xy
set key outside bottom center Left reverse maxcols 2 samplen 3 width 2 title " "
set grid xtics ytics linecolor "#e0e0e0"
set border 3
set tics nomirror
set format x "10^{%T}"
set format y "%g"
set xlabel offset 0,0.5
set style line 1 linewidth 2 pointtype 7 pointsize 1.1 linecolor "#1f5fa8"
set style line 2 linewidth 2 pointtype 5 pointsize 1.0 linecolor "#c2571a"
set style line 3 linewidth 2 pointtype 9 pointsize 1.2 linecolor "#2e7d32"
set style line 4 linewidth 2 pointtype 13 pointsize 1.3 linecolor "#7b3fa0"
set style line 5 linewidth 2 pointtype 11 pointsize 1.2 linecolor "#4a4a4a"
set style line 9 linewidth 1.5 dashtype (8,6) linecolor "#909090"

# Solid: total / size. Dashed: the same, were each unit to cost what it does at the curve's middle size.
name(file, block) = system(sprintf("awk -F'\"' -v block=%d '/^\"/ && at++ == block { print $2 }' %s", block, file))

do for [picture in "queries code depth accounts"] {
    file = data."/".picture.".tsv"
    blocks = int(system("grep -c '^\"' ".file))
    set output pictures."/scaling-".picture.".png"
    set title picture eq "queries" ? "A call with storage queries: time for each query" : \
              picture eq "code" ? "A call of a contract with much code: time for each byte" : \
              picture eq "depth" ? "Calls inside calls: time for each" : \
              "A result that changes accounts: time for each account"
    set xlabel picture eq "queries" ? "queries in the call" : picture eq "code" ? "bytes of code" : \
               picture eq "depth" ? "depth" : "accounts in the result"
    set xrange [*:picture eq "code" ? 2e7 : picture eq "depth" ? 1200 : 1e6]
    set yrange [picture eq "depth" ? 50 : picture eq "code" ? 0.005 : 50:*]
    set ylabel picture eq "code" ? "ns a byte" : picture eq "queries" ? "ns a query" : \
               picture eq "depth" ? "ns a call" : "ns an account"
    plot for [i=0:blocks-1] file index i using 1:3 with linespoints linestyle i+1 title name(file, i), \
         for [i=0:blocks-1] file index i using 1:4 with lines linestyle 9 \
             title i == 0 ? "dashed: were it linear" : ""
}
