# Pictures of what tests/scaling measured: gnuplot -e "data='FOLDER'; pictures='FOLDER'" plots.gp
set terminal png size 800,480 font "DejaVuSans,11"
set logscale xy
set key below left Left reverse maxrows 3 samplen 2
set grid xtics ytics linecolor "#e0e0e0"
set border 3
set tics nomirror
set format x "10^{%T}"
set format y "%g"
set style line 1 linewidth 2 pointtype 7 pointsize 1.1 linecolor "#1f5fa8"
set style line 2 linewidth 2 pointtype 5 pointsize 1.0 linecolor "#c2571a"
set style line 3 linewidth 2 pointtype 9 pointsize 1.2 linecolor "#2e7d32"
set style line 4 linewidth 2 pointtype 13 pointsize 1.3 linecolor "#7b3fa0"
set style line 5 linewidth 2 pointtype 11 pointsize 1.2 linecolor "#4a4a4a"
set style line 9 linewidth 1 dashtype 2 linecolor "#909090"

# A curve's cost of a unit, total / size, and a dashed line: that of its middle size, where linear cost would stay.
middle(file, block, size) = real(system(sprintf("awk -v block=%d -v size=%d '/^\"/ { at++ } at == block + 1 && $1 == size { print $3 }' %s", block, size, file)))
name(file, block) = system(sprintf("awk -F'\"' -v block=%d '/^\"/ && at++ == block { print $2 }' %s", block, file))

do for [picture in "queries code depth accounts"] {
    file = data."/".picture.".tsv"
    stats file using 1 nooutput
    blocks = int(system("grep -c '^\"' ".file))
    from = picture eq "code" ? 262144 : picture eq "depth" ? 256 : 10000
    set output pictures."/scaling-".picture.".png"
    set title picture eq "queries" ? "A call with storage queries: time for each query" : \
              picture eq "code" ? "A call of a contract with much code: time for each byte" : \
              picture eq "depth" ? "Calls inside calls: time for each" : \
              "A result that changes accounts: time for each account"
    set xlabel picture eq "queries" ? "queries in the call" : picture eq "code" ? "bytes of code" : \
               picture eq "depth" ? "depth" : "accounts in the result"
    set ylabel picture eq "code" ? "ns a byte" : picture eq "queries" ? "ns a query" : \
               picture eq "depth" ? "ns a call" : "ns an account"
    plot for [i=0:blocks-1] file index i using 1:3 with linespoints linestyle i+1 title name(file, i), \
         for [i=0:blocks-1] middle(file, i, from) with lines linestyle 9 \
             title i == 0 ? "dashed: the cost in the middle; linear stays on it" : ""
}
