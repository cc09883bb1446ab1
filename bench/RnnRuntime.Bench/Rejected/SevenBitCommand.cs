using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Bench.Rejected;

/// <summary>The library's products of full 8-bit weights beside the fastest of 7-bit weights: what exactness costs.</summary>
internal static class SevenBitCommand
{
    internal const string Usage = """
        sevenbit
            The int8 products of the library, with full 8-bit weights, beside products that need weights of 7 bits; quantised vectors, sums only.
            Writes bench/results/<processor>/sevenbit.md as well as standard output.
        """;

    private const int Rounds = 31;

    private static readonly (int Rows, int Columns)[] Sizes = [(256, 104), (512, 192), (1024, 384), (2048, 768), (4096, 1536)];

    internal static void Run()
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# Int8 products: full 8-bit weights against 7-bit ones");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine("- Command: `dotnet run -c Release --project bench/RnnRuntime.Bench -- sevenbit`");
        writer.WriteLine($"- {Rounds} interleaved rounds in one process, one vector that is already quantised: minimum (and median) in ns of all sums; ratios of minima, 7-bit over 8-bit (above 1: 8-bit is faster)");
        writer.WriteLine();
        writer.WriteLine("| rows x columns | avx2, 8-bit | avx2, 7-bit | 7-bit / 8-bit | avx512, 8-bit | avx512, 7-bit | 7-bit / 8-bit |");
        writer.WriteLine("|---|---:|---:|---:|---:|---:|---:|");
        var timer = new InterleavedTimer(Rounds, 0.01, 0.3);
        foreach ((int rows, int columns) in Sizes)
        {
            Console.Error.WriteLine($"Measuring {rows} x {columns}.");
            using var data = new ProductData(rows, columns);
            var cells = new List<string> { $"{rows} x {columns}" };
            foreach ((bool isSupported, ProductKind eight, ProductKind seven) in new[]
            {
                (Int8Avx2.IsSupported, ProductKind.EightAvx2, ProductKind.SevenAvx2), (Int8Avx512.IsSupported, ProductKind.EightAvx512, ProductKind.SevenAvx512),
            })
            {
                if (!isSupported)
                {
                    cells.AddRange(["-", "-", "-"]);
                    continue;
                }

                data.CheckEqual(eight, seven);
                Timing[] timings = timer.Measure([new ProductPeer(data, eight), new ProductPeer(data, seven)], 1);
                cells.AddRange([Time(timings[0]), Time(timings[1]), (timings[1].Min / timings[0].Min).ToString("F2", CultureInfo.InvariantCulture)]);
            }

            writer.WriteLine($"| {string.Join(" | ", cells)} |");
        }

        string report = writer.ToString();
        Console.WriteLine(report);
        Directory.CreateDirectory(Machine.ResultsFolder);
        File.WriteAllText(Path.Combine(Machine.ResultsFolder, "sevenbit.md"), report);
    }

    private static string Time(Timing timing) => string.Create(CultureInfo.InvariantCulture, $"{timing.Min:N0} ({timing.Median:N0})");

    private enum ProductKind
    {
        EightAvx2,
        SevenAvx2,
        EightAvx512,
        SevenAvx512,
    }

    /// <summary>The same random weights, in [-63, 63] so that both kinds compute the same, and the same vector in both forms.</summary>
    private sealed unsafe class ProductData : IDisposable
    {
        private readonly AlignedBlock _panels;
        private readonly AlignedBlock _signed;
        private readonly AlignedBlock _bytes;
        private readonly AlignedBlock _starts;
        private readonly AlignedBlock _sums;
        private readonly int _rows;
        private readonly nint _quads;

        internal ProductData(int rows, int columns)
        {
            (_rows, _quads) = (rows, columns / 4);
            (_panels, _signed, _bytes) = (new AlignedBlock(rows * columns), new AlignedBlock(PackedMatrix.QuantizedBytes(columns)), new AlignedBlock(columns));
            (_starts, _sums) = (new AlignedBlock(rows * sizeof(int)), new AlignedBlock(rows * sizeof(int)));
            var random = new Random(1);
            var x = new float[columns];
            for (var column = 0; column < columns; column++)
            {
                x[column] = random.Next(-127, 128);
                _bytes.Pointer[column] = (byte)(x[column] + 128);
            }

            fixed (float* vector = x)
            {
                Int8Scalar.Quantize(vector, columns, 1f, (sbyte*)_signed.Pointer);
            }

            for (var row = 0; row < rows; row++)
            {
                var panel = _panels.Pointer + ((nint)(row / 64) * 64 * columns);
                for (var column = 0; column < columns; column++)
                {
                    var weight = random.Next(-63, 64);
                    panel[((((nint)column / 4 * 64) + (row % 64)) * 4) + (column % 4)] = (byte)(sbyte)weight;
                    ((int*)_starts.Pointer)[row] -= 128 * weight;
                }
            }
        }

        internal void Run(ProductKind kind)
        {
            var panels = (sbyte*)_panels.Pointer;
            var starts = (int*)_starts.Pointer;
            var sums = (int*)_sums.Pointer;
            switch (kind)
            {
                case ProductKind.EightAvx2: Int8Avx2.One(panels, _rows, _quads, (sbyte*)_signed.Pointer, sums); break;
                case ProductKind.SevenAvx2: SevenBitProduct.Avx2One(panels, _rows, _quads, _bytes.Pointer, starts, sums); break;
                case ProductKind.EightAvx512: Int8Avx512.One(panels, _rows, _quads, (sbyte*)_signed.Pointer, sums); break;
                default: SevenBitProduct.Avx512One(panels, _rows, _quads, _bytes.Pointer, starts, sums); break;
            }
        }

        internal void CheckEqual(ProductKind left, ProductKind right)
        {
            Run(left);
            int[] expected = new Span<int>(_sums.Pointer, _rows).ToArray();
            Run(right);
            if (!new Span<int>(_sums.Pointer, _rows).SequenceEqual(expected))
            {
                throw new InvalidOperationException($"{left} and {right} give different sums.");
            }
        }

        public void Dispose()
        {
            foreach (var block in new[] { _panels, _signed, _bytes, _starts, _sums })
            {
                block.Dispose();
            }
        }
    }

    private sealed class ProductPeer(ProductData data, ProductKind kind) : IPeer
    {
        public string Name => kind.ToString();

        public bool IsInt8 => true;

        public ReadOnlySpan<float> Output => [];

        public void Step() => data.Run(kind);

        public void Dispose()
        {
        }
    }
}
