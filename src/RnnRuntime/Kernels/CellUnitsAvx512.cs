using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>Two groups of units at a time, and one where there are so few that the time of one chain of operations counts, not their number.</summary>
internal readonly unsafe struct CellUnitsAvx512 : ICellUnits
{
    private const int Few = 3;

    public static bool IsSupported => CellUnits<Vector512Lanes, Vector512<float>>.IsSupported && CellUnits<Vector256Lanes, Vector256<float>>.IsSupported;

    public static void Lstm(int groups, float* gates, float* cell, float* hidden, float* y)
    {
        if (groups <= Few)
        {
            CellUnits<Vector256Lanes, Vector256<float>>.Lstm(groups, gates, cell, hidden, y);
        }
        else
        {
            CellUnits<Vector512Lanes, Vector512<float>>.Lstm(groups, gates, cell, hidden, y);
        }
    }

    public static void Gru(int groups, float* gates, float* candidates, float* recurrent, float* hidden, float* y)
    {
        if (groups <= Few)
        {
            CellUnits<Vector256Lanes, Vector256<float>>.Gru(groups, gates, candidates, recurrent, hidden, y);
        }
        else
        {
            CellUnits<Vector512Lanes, Vector512<float>>.Gru(groups, gates, candidates, recurrent, hidden, y);
        }
    }

    public static void Reset(int groups, float* gates, float* hidden, float* result) =>
        CellUnits<Vector512Lanes, Vector512<float>>.Reset(groups, gates, hidden, result);

    public static void Flush(int groups, float* hidden, float* y) => CellUnits<Vector512Lanes, Vector512<float>>.Flush(groups, hidden, y);
}
