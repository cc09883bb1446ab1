using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>The units of a cell that one thread computes, with their rows of the weights. Fields, not properties: a property would copy a matrix on every use.</summary>
internal sealed class CellPart(
    int firstUnit, int groups, PackedMatrix input, PackedMatrix inputCandidate, PackedMatrix recurrent, PackedMatrix candidate)
{
    /// <summary>A multiple of 8.</summary>
    public readonly int FirstUnit = firstUnit;

    /// <summary>Groups of 8 units.</summary>
    public readonly int Groups = groups;

    /// <summary>Rows of W, all gates; a GRU's r and z.</summary>
    public readonly PackedMatrix Input = input;

    /// <summary>GRU only: rows of W, the gate n.</summary>
    public readonly PackedMatrix InputCandidate = inputCandidate;

    /// <summary>Rows of U, all gates; a GRU's r and z.</summary>
    public readonly PackedMatrix Recurrent = recurrent;

    /// <summary>GRU only: rows of U, the gate n.</summary>
    public readonly PackedMatrix Candidate = candidate;
}
