namespace RnnRuntime.Tests.Sessions;

/// <summary>Every hidden size from 1 to 129: all tails, all panel widths, and one past the widest.</summary>
public sealed class EverySizeTests
{
    public static MatrixTheoryData<string, string, bool> Cases => new(TestModels.Cells.Concat(["linear", "conv"]), TestModels.Kernels, [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EverySizeGivesTheBitsOfScalarInAnyChunkingAndBatch(string kind, string kernel, bool int8)
    {
        for (var size = 1; size <= 129; size++)
        {
            InvariantTests.CheckCell(kind, size, kernel, int8);
        }
    }
}
