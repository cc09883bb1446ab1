namespace RnnRuntime.Tests.Kernels;

/// <summary>How large a matrix is, and for how many vectors it is multiplied.</summary>
internal readonly record struct ProductShape(int Lanes, int Columns, int[] Counts);

/// <summary>
/// Sizes of products. Lanes decide which panels a matrix is cut into, columns how long loops run and what a tail is, the number of
/// vectors which tiles are taken.
/// </summary>
internal static class ProductShapes
{
    public const int MaximumVectors = 17;

    private static readonly int[] Lanes = [.. Enumerable.Range(1, 33).Select(groups => groups * 8)];

    private static readonly int[] Columns =
    [
        .. Enumerable.Range(1, 40), 41, 43, 47, 53, 59, 61, 63, 64, 65, 67, 71, 73, 79, 83, 89, 95, 96, 97, 101, 103, 107, 109, 113, 126, 127, 128, 129,
    ];

    /// <summary>
    /// Every width of panel, at each with every number of vectors; columns around the multiples that loops are unrolled to.
    /// </summary>
    private static IEnumerable<ProductShape> Few =>
        from columns in new[] { 1, 2, 3, 4, 5, 8, 19, 33 }.Index()
        from lanes in new[] { 56, 160 }
        select new ProductShape(lanes, columns.Item, [1, 2 + columns.Index, MaximumVectors - columns.Index]);

    /// <summary>
    /// Every number of lanes, of columns and of vectors, but not every combination; a third of them for the guard at the start, which matters less.
    /// </summary>
    public static IEnumerable<ProductShape> Sample(GuardSide side) => Effort.Of(Spread(side), Few);

    /// <summary>Every combination.</summary>
    public static IEnumerable<ProductShape> All() =>
        from lanes in Lanes
        from columns in Columns
        select new ProductShape(lanes, columns, [.. Enumerable.Range(1, MaximumVectors)]);

    private static IEnumerable<ProductShape> Spread(GuardSide side)
    {
        for (var i = 0; i < Columns.Length; i += side == GuardSide.End ? 1 : 3)
        {
            // 10 is prime to 33, so that neighbouring columns meet different panels; each is met by two numbers of vectors and by one.
            var lanes = Lanes[i * 10 % Lanes.Length];
            yield return new ProductShape(lanes, Columns[i], [1, 2 + (i % 16), MaximumVectors - (i % 5)]);
        }
    }
}
