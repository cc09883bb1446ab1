namespace RnnRuntime.Tests.Kernels;

/// <summary>Which weights of a matrix [row, column] are not zeros.</summary>
internal static class SparseMask
{
    /// <summary>Blocks of 8 rows and 4 columns, each kept with the given probability.</summary>
    public static bool[,] Blocks(int seed, int rows, int columns, double density)
    {
        var random = new Random(seed);
        var mask = new bool[rows, columns];
        for (var row = 0; row < rows; row += 8)
        {
            for (var column = 0; column < columns; column += 4)
            {
                var isSet = random.NextDouble() < density;
                for (var i = 0; i < 32 && isSet; i++)
                {
                    if (row + (i / 4) < rows && column + (i % 4) < columns)
                    {
                        mask[row + (i / 4), column + (i % 4)] = true;
                    }
                }
            }
        }

        return mask;
    }

    public static void KeepRows(int seed, bool[,] mask, double share) => Keep(new Random(seed), mask, share, 0);

    public static void KeepColumns(int seed, bool[,] mask, double share) => Keep(new Random(seed), mask, share, 1);

    /// <summary>Blocks that are not all zeros.</summary>
    public static int SetBlocks(bool[,] mask)
    {
        var blocks = new HashSet<(int, int)>();
        for (var row = 0; row < mask.GetLength(0); row++)
        {
            for (var column = 0; column < mask.GetLength(1); column++)
            {
                if (mask[row, column])
                {
                    blocks.Add((row / 8, column / 4));
                }
            }
        }

        return blocks.Count;
    }

    private static void Keep(Random random, bool[,] mask, double share, int dimension)
    {
        for (var i = 0; i < mask.GetLength(dimension); i++)
        {
            var isKept = random.NextDouble() < share;
            for (var j = 0; j < mask.GetLength(1 - dimension) && !isKept; j++)
            {
                mask[dimension == 0 ? i : j, dimension == 0 ? j : i] = false;
            }
        }
    }
}
